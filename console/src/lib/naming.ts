// Naming: how things are told apart on the screen: by the end of their id, which is what people
// read to each other, and a notice also by whose it is and what it is called.

import { picture } from './picture.svelte';
import { band } from './say';
import type { ConflictItem } from './types';
import { t } from './words.svelte';

const SHOWN = 6;

/** `…dd6ef6`: as much of an id as two people compare. */
export const ending = (id: string): string => `…${id.slice(-SHOWN)}`;

/** `…dd6ef6 × …31a07c`: ours, and theirs. */
export const pairing = ({ ours, theirs }: Pick<ConflictItem, 'ours' | 'theirs'>): string =>
  `${ending(ours)} × ${ending(theirs)}`;

/** `ours Dawn …dd6ef6`; the end of its id alone if it is no longer in sight. */
export function naming(id: string): string {
  const notice = picture.notices.get(id);
  if (!notice) return ending(id);
  const whose = notice.mine ? t('lists.ours') : t('lists.theirs');
  return `${whose} ${notice.label || notice.activity} …${notice.handle}`;
}

/** How high a notice reaches, by its first volume; a dash if that is not in sight. */
export function bandOf(id: string): string {
  const [first] = picture.notices.get(id)?.volumes ?? [];
  return first ? band(first.band) : '–';
}
