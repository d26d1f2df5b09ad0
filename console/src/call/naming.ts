// Naming: a notice as a person would name it: whose it is, what it is called, how it ends.

import { picture } from '../lib/picture.svelte';
import { t } from '../lib/words.svelte';

/** `ours Dawn …dd6ef6`; the end of its id alone if it is no longer in sight. */
export function naming(id: string): string {
  const notice = picture.notices.get(id);
  if (!notice) return `…${id.slice(-6)}`;
  const whose = notice.mine ? t('lists.ours') : t('lists.theirs');
  return `${whose} ${notice.label || notice.activity} …${notice.handle}`;
}
