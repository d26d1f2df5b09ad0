// History: which areas stood at a time. Of what the node has in sight, a notice's last revision
// is all that is known here; of an incident, the record gives every revision with its time.

import type { Incident, NoticeItem, Volume } from '../lib/types';

/** One volume of one revision of a notice, in ms since the epoch. */
export interface Stand {
  notice: NoticeItem;
  volume: Volume;
  /** Its own window. */
  start: number;
  end: number;
  /** Since when the node had it, and until when it stood: withdrawn, lapsed, or replaced. */
  since: number;
  until: number;
  /** When its shape was last changed, if the shape before is not known here; else -Infinity. */
  revised: number;
}

/** For so long the node keeps in sight what has ended (`core.notices.RETAINED_MS`). */
export const KEPT_MS = 86_400_000;

/** When an id was made, in ms since the epoch (UUIDv7, RFC 9562: its first 48 bits). */
export const timeOf = (id: string): number => parseInt(id.replaceAll('-', '').slice(0, 12), 16);

/** How a notice of the picture stands: its last revision, as if it had stood from the first on. */
export function stands(notice: NoticeItem): Stand[] {
  const until = notice.state === 'active' ? Infinity : Date.parse(notice.ended_at ?? notice.closes);
  const revised = notice.revision > 1 ? timeOf(notice.entry) : -Infinity;
  return notice.volumes.map((volume) => ({
    notice, volume, until, revised,
    start: Date.parse(volume.window.start), end: Date.parse(volume.window.end),
    since: Date.parse(notice.declared_at),
  }));
}

/** How the notices of an incident stood: each revision for as long as the record says. */
export function stood(incident: Incident): Stand[] {
  const notices = new Map(incident.notices.map((notice) => [notice.id, notice]));
  return incident.stood.flatMap((one) => {
    const notice = notices.get(one.notice);
    if (!notice) return [];
    const { volumes, revision, entry } = one;
    return volumes.map((volume) => ({
      notice: { ...notice, volumes, revision, entry }, volume, revised: -Infinity,
      start: Date.parse(volume.window.start), end: Date.parse(volume.window.end),
      since: Date.parse(one.since), until: one.until === null ? Infinity : Date.parse(one.until),
    }));
  });
}

/** Whether it is open at a time. Live, whatever has not ended counts, whoever's clock is ahead. */
export function open(stand: Stand, at: number, live: boolean): boolean {
  if (at < stand.start || at > stand.end) return false;
  return live ? stand.until === Infinity : stand.since <= at && at < stand.until;
}
