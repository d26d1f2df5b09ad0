// Timeline: the arithmetic of the time bar: which stretch it shows, how a key moves it, and how
// much is declared in each slot of it.

import type { NoticeItem } from '../lib/types';

export const STEP_MS = 5 * 60_000;
/** A key goes no further than this from now; an incident may lie further back. */
export const FURTHEST_MS = 7 * 86_400_000;

/** Where the shown stretch begins: at `first`, or as many whole stretches off as `at` is away. */
export function page(first: number, length: number, at: number | null): number {
  if (at === null || (at >= first && at <= first + length)) return first;
  return first + Math.floor((at - first) / length) * length;
}

/** The time that a key leads to: on the grid of five minutes, and never a step of nothing. */
export function moved(at: number, by: number, now: number): number {
  const grid = by > 0 ? Math.floor(at / STEP_MS) : Math.ceil(at / STEP_MS);
  const to = grid * STEP_MS + by;
  return Math.max(Math.min(at, now - FURTHEST_MS), Math.min(Math.max(at, now + FURTHEST_MS), to));
}

/** How far the marks of a scale are apart. */
export function every(hours: number): number {
  const steps: [number, number][] = [[12, 1], [24, 2], [72, 12]];
  return (steps.find(([most]) => hours <= most)?.[1] ?? 24) * 3_600_000;
}

const spans = new WeakMap<NoticeItem, [number, number]>();

/** How many notices of ours and of theirs are open in each slot, as far as they are known. */
export function density(
  notices: Iterable<NoticeItem>, start: number, end: number, slots: number,
): [Int32Array, Int32Array] {
  const [ours, theirs] = [new Int32Array(slots + 1), new Int32Array(slots + 1)];
  const slot = (at: number): number => Math.floor(((at - start) / (end - start)) * slots);
  for (const notice of notices) {
    const [from, to] = spanOf(notice);
    if (to < start || from > end || to < from) continue;
    const list = notice.mine ? ours : theirs;
    const first = Math.max(0, slot(from));
    const after = Math.min(slots, slot(to) + 1);
    list[first] = (list[first] ?? 0) + 1;
    list[after] = (list[after] ?? 0) - 1;
  }
  return [summed(ours), summed(theirs)];
}

function spanOf(notice: NoticeItem): [number, number] {
  const known = spans.get(notice);
  if (known) return known;
  const ended = notice.ended_at ? Date.parse(notice.ended_at) : Infinity;
  const made: [number, number] = [
    Math.max(Date.parse(notice.opens), notice.state === 'active' ? -Infinity : Date.parse(notice.declared_at)),
    Math.min(Date.parse(notice.closes), ended),
  ];
  spans.set(notice, made);
  return made;
}

function summed(list: Int32Array): Int32Array {
  for (let n = 1; n < list.length; n++) list[n] = (list[n] ?? 0) + (list[n - 1] ?? 0);
  return list.subarray(0, -1);
}
