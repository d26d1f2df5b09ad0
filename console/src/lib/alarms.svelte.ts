// Alarms: what demands a human action by a deadline, made from the picture alone, so that a
// reload rings again at once and two desks see the same. All else is a line in the log.
// Silence is local, lasts 60 s, and is not an acknowledgement.

import { clock, ms } from './clock.svelte';
import { picture } from './picture.svelte';
import type { CallItem, ConflictItem, LineItem, LinkItem, Precedence, Receiver, TestItem, TrackAlarm } from './types';

export const SILENCE_MS = 60_000;
const FRESH_LINE_MS = 15 * 60_000;
/** The most urgent first. */
const ORDER: Record<Precedence, number> = { flash: 0, immediate: 1, priority: 2, routine: 3 };
/** Each precedence has its own shape, beside its colour, word and sound. */
export const SHAPES: Record<Precedence, string> = {
  flash: '⚡', immediate: '▲', priority: '◆', routine: '●',
};
/** A conflict is as urgent as it is near: under an hour, under six, later. */
const NEAR_MS = 3_600_000;
const LATER_MS = 6 * NEAR_MS;
/** A receiver that is lost for less than this comes back by itself. */
const BRIEFLY_MS = 10_000;
/** Alerts that are shown by what they are about, and not a second time as a line. */
const SHOWN_ELSEWHERE = new Set([
  'conflict', 'call_incoming', 'call_unanswered', 'link_late', 'link_down', 'link_disputed', 'test_incoming',
]);

/** How two calls are told apart by how grave they are: what is real before any drill, then by
 * precedence; 0 if neither goes before the other. */
export function byGravity(a: CallItem, b: CallItem): number {
  const order = (call: CallItem): number => ORDER[call.precedence as Precedence];
  return Number(a.drill) - Number(b.drill) || order(a) - order(b);
}

/** The order in which calls are listed: the gravest first, then the one that is open longest. */
export const inOrder = (a: CallItem, b: CallItem): number =>
  byGravity(a, b) || ms(a.opened_at) - ms(b.opened_at);

export type Alarm = { id: string; precedence: Precedence; deadline: number | null; since: number } & (
  | { what: 'call'; call: CallItem }
  | { what: 'conflict'; conflict: ConflictItem }
  | { what: 'test'; test: TestItem }
  | { what: 'link'; link: LinkItem }
  | { what: 'line'; line: LineItem }
  | { what: 'track'; track: TrackAlarm }
  | { what: 'receiver'; receiver: Receiver }
);

class Alarms {
  /** Until when each alarm is silenced at this desk, by the node's clock. */
  silenced = $state.raw<Map<string, number>>(new Map());

  /** Calls that ring here, the most urgent first, then the one that has rung longest. */
  calls = $derived.by<CallItem[]>(() =>
    [...picture.calls.values()].filter((call) => !call.mine && call.climbs).sort(inOrder),
  );

  /** Calls of either side that are not closed. */
  openCalls = $derived.by<CallItem[]>(() =>
    [...picture.calls.values()].filter((call) => call.state !== 'closed').sort(inOrder),
  );

  /** Whether a call rings: then nothing else may take the focus. */
  get rings(): boolean {
    return this.calls.length > 0;
  }

  /** Test calls of the counterpart's that wait for a human here. */
  tests = $derived.by<TestItem[]>(() =>
    [...picture.tests.values()].filter((test) => !test.mine && test.outcome === null),
  );

  /** Everything in the alarm strip, the most urgent first. */
  list = $derived.by<Alarm[]>(() => {
    const found: Alarm[] = [];
    for (const call of this.calls) {
      const precedence = call.precedence as Precedence;
      found.push({
        id: call.id, what: 'call', call, precedence,
        deadline: ms(call.rung_until), since: ms(call.opened_at),
      });
    }
    for (const conflict of picture.conflicts.values()) {
      if (picture.seen.has(conflict.id)) continue;
      found.push({
        id: conflict.id, what: 'conflict', conflict,
        precedence: nearness(conflict, this.coarse),
        deadline: ms(conflict.starts),
        since: ms(conflict.claimed_by_us ?? conflict.claimed_by_them ?? conflict.starts),
      });
    }
    for (const link of picture.links.values()) {
      // The node forgets that it was seen once the link is well again.
      const failing = link.state === 'down' || link.state === 'disputed' || link.peer_unsafe;
      if (failing && !picture.seen.has(link.id)) {
        const since = link.heard_at ? ms(link.heard_at) : 0;
        found.push({ id: link.id, what: 'link', link, precedence: 'immediate', deadline: null, since });
      }
    }
    for (const track of picture.track_alarms.values()) {
      // One that has become graver is to be seen, and heard, anew.
      const id = `${track.id}:${track.what}`;
      if (picture.seen.has(id)) continue;
      found.push({
        id, what: 'track', track, precedence: urgencyOf(track),
        deadline: track.enters_at ? ms(track.enters_at) : null, since: ms(track.graver_at),
      });
    }
    for (const receiver of picture.receivers.values()) {
      const id = `${receiver.id}@${receiver.since}`;
      const out = receiver.state === 'lost' || receiver.state === 'silent';
      if (!out || picture.seen.has(id) || clock.now - ms(receiver.since) < BRIEFLY_MS) continue;
      found.push({ id, what: 'receiver', receiver, precedence: 'routine', deadline: null, since: ms(receiver.since) });
    }
    for (const test of this.tests) {
      found.push({
        id: test.id, what: 'test', test, precedence: 'routine',
        deadline: ms(test.until), since: ms(test.sent_at),
      });
    }
    for (const line of picture.lines.values()) {
      const old = this.coarse - ms(line.at) > FRESH_LINE_MS;
      // A channel whose credentials are wrong alarms itself, once, and not with each page.
      if (line.code === 'paged' && line.args.cause === 'credentials') continue;
      if (!line.alert || old || picture.seen.has(line.id) || SHOWN_ELSEWHERE.has(line.code)) continue;
      found.push({ id: line.id, what: 'line', line, precedence: 'priority', deadline: null, since: ms(line.at) });
    }
    return found.sort(
      (a, b) =>
        Number(b.what === 'call') - Number(a.what === 'call') ||
        ORDER[a.precedence] - ORDER[b.precedence] ||
        (a.deadline ?? Infinity) - (b.deadline ?? Infinity),
    );
  });

  /** The minute, so that ten thousand things are not looked through four times a second. */
  private coarse = $derived(Math.floor(clock.now / 60_000) * 60_000);

  /** The call to sound now: the most urgent that is not silenced; null if none. */
  sounding = $derived.by<CallItem | null>(
    () => this.calls.find((call) => !this.isSilenced(call.id)) ?? null,
  );

  isSilenced(id: string): boolean {
    return (this.silenced.get(id) ?? 0) > clock.now;
  }

  /** Silence one alarm at this desk for 60 s. It rings again by itself. */
  silence(id: string): void {
    const next = new Map([...this.silenced].filter(([, until]) => until > clock.now));
    next.set(id, clock.now + SILENCE_MS);
    this.silenced = next;
  }
}

/** How urgent a track's alarm is. It is never as grave as a call: nobody has called. */
export const urgencyOf = (alarm: TrackAlarm): Precedence =>
  alarm.what === 'inside' ? 'immediate' : 'priority';

/** How urgent a conflict is: the nearer, the more. */
export function nearness(conflict: ConflictItem, now: number): Precedence {
  const left = ms(conflict.starts) - now;
  if (left < NEAR_MS) return 'immediate';
  return left < LATER_MS ? 'priority' : 'routine';
}

export const alarms = new Alarms();
