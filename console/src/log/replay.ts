// Replay: an incident as the map replays it: where it is about and when that was so, and what
// either side had written by then. Everything is from the record; nothing is made up between.

import { pairing } from '../lib/naming';
import { certaintyOf } from '../lib/say';
import { tr } from '../lib/words.svelte';

import type { Replay } from '../lib/desk.svelte';
import type { EntryView, Incident, Position } from '../lib/types';

type Claim = Parameters<typeof certaintyOf>[0];
const at = (entry: EntryView): number => (entry.at ? Date.parse(entry.at) : 0);

/** Return what the map needs of an incident; `says` puts an entry into words. */
export function replayOf(incident: Incident, says: (entry: EntryView) => string): Replay {
  return {
    incident,
    marks: [...calls(incident), ...conflicts(incident)],
    said: incident.entries
      .filter((entry) => entry.at)
      .map((entry) => ({ at: at(entry), whose: entry.party, text: `${entry.kind} ${says(entry)}`.trim() })),
  };
}

function calls({ call }: Incident): Replay['marks'] {
  if (!call?.place) return [];
  return [{
    what: 'call', id: call.id, urgency: call.precedence as Replay['marks'][0]['urgency'],
    name: `…${call.handle}`, place: call.place, from: Date.parse(call.opened_at),
    until: call.closed_at ? Date.parse(call.closed_at) : Infinity,
  }];
}

/** A conflict is a claim, and stands from each finding until that is taken back, or a notice ends. */
function conflicts(incident: Incident): Replay['marks'] {
  const notice = new Map(incident.stood.map((one) => [one.entry, one.notice]));
  const mine = new Map(incident.notices.map((each) => [each.id, each.mine]));
  const ends = (id: string): number => {
    const last = incident.stood.filter((one) => one.notice === id).at(-1);
    const item = incident.notices.find((each) => each.id === id);
    return Math.min(last?.until ? Date.parse(last.until) : Infinity, item ? Date.parse(item.closes) : Infinity);
  };
  return incident.entries.flatMap((entry) => {
    if (entry.kind !== 'conflict.found') return [];
    const pair = entry.re.map((each) => notice.get(each) ?? '');
    const [ours, theirs] = mine.get(pair[0] ?? '') ? pair : [...pair].reverse();
    const where = (entry.body as { where?: Position }).where;
    if (!ours || !theirs || !where) return [];
    const cleared = incident.entries.find((each) => each.kind === 'conflict.cleared' && each.re[0] === entry.id);
    return [{
      what: 'conflict' as const, id: `${ours}+${theirs}`, urgency: 'immediate' as const,
      name: `${pairing({ ours, theirs })} ${tr('certainty', certaintyOf(entry.body as Claim))}`, place: where, from: at(entry),
      until: Math.min(cleared ? at(cleared) : Infinity, ends(ours), ends(theirs)),
    }];
  });
}
