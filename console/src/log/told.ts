// Told: what an entry says, in the officer's language, from its body. Phrases are rendered by
// the node; the rest is codes and quantities. Whoever doubts it has the body beside it.

import { hhmm, ms } from '../lib/clock.svelte';
import { apart, band, certaintyOf, length } from '../lib/say';
import type { CallItem, Certainty, EntryView, Volume } from '../lib/types';
import { t, tr } from '../lib/words.svelte';

type Body = Record<string, unknown>;

/** What an entry says, as one line; empty if its kind says all. */
export function told(entry: EntryView): string {
  const body = entry.body as Body;
  switch (entry.kind) {
    case 'notice.declared':
    case 'notice.revised':
      return areas(body);
    case 'conflict.found':
      return found(body);
    case 'conflict.cleared':
      return tr('cleared', text(body['why']));
    case 'entry.refused':
      return `${text(body['reason'])}: ${text(body['detail'])}`;
    default:
      return codes(body);
  }
}

/** What was said in a call by an entry: each sentence in a language, and as it was coded. */
export function spoken(entry: EntryView, call: CallItem | undefined, languages: string[]): { text: string[]; coded: string } {
  const said = call?.said.find((each) => each.entry === entry.id);
  if (!said) return { text: [], coded: '' };
  const texts = languages.map((each) => (said.text[each] ?? []).join(' ')).filter(Boolean);
  return { text: texts.length ? [...new Set(texts)] : [(said.text['en'] ?? []).join(' ')], coded: said.coded.join(' / ') };
}

function areas(body: Body): string {
  const volumes = Array.isArray(body['volumes']) ? (body['volumes'] as Volume[]) : [];
  const said = volumes.map(({ band: height, window: { start, end } }) =>
    `${band(height)} ${hhmm(ms(start))}–${hhmm(ms(end))}`);
  const revision = typeof body['revision'] === 'number' ? t('notice.revision', { n: body['revision'] }) + ' · ' : '';
  const late = body['late'] === true ? ` · ${t('notice.late')}` : '';
  return `${revision}${text(body['activity'])} ${said.join('; ')}`.trim() + late;
}

function found(body: Body): string {
  const { closest, certainty, rule } = body as {
    closest?: { horizontal_cm?: number; vertical_cm?: number | null }; certainty?: Certainty; rule?: number;
  };
  const across = closest?.horizontal_cm === 0 ? t('declare.they_meet') : length(closest?.horizontal_cm ?? 0);
  const high = closest?.vertical_cm;
  const up = high === null || high === undefined ? t('conflict.height_unknown') : apart(high, rule ?? 1);
  const sure = tr('certainty', certaintyOf({ ...(certainty && { certainty }), ...(closest && { closest }) }));
  return `${sure} · ${t('conflict.apart')}: ${across} · ${up}`;
}

function codes(body: Body): string {
  if (typeof body['disposition'] === 'string') return tr('disposition', body['disposition']);
  if (typeof body['echelon'] === 'string') {
    return typeof body['rung'] === 'number' ? `${body['echelon']} · ${t('watch.rung', { n: body['rung'] })}` : body['echelon'];
  }
  return '';
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
