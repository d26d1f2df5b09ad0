// Week: where the watches of a desk lie on the screen, and what the pointer or the keys make of
// one. Times are ms since the epoch; a day is one of UTC, as everything on this line is.

import { instant, ms } from '../lib/clock.svelte';
import type { components } from '../lib/schema';

export type RosterView = components['schemas']['RosterView'];
export type DeskPlan = components['schemas']['DeskPlan'];
export type Shift = components['schemas']['Shift'];
export type Verdict = components['schemas']['Verdict'];

export const DAY_MS = 86_400_000;
export const SNAP_MS = 900_000;
/** The least that a watch can be made by hand. */
const LEAST_MS = SNAP_MS;

/** A watch on its desk. */
export interface Bar {
  echelon: string;
  shift: Shift;
  /** The row within the desk's: watches that overlap lie under one another. */
  row: number;
}

/** What a watch is to become. */
export interface Draft {
  from: Bar;
  echelon: string;
  start: number;
  end: number;
  officer: string;
}

/** Which part of a bar is held. */
export type Part = 'start' | 'end' | 'whole';

export const draftOf = (from: Bar): Draft => ({
  from, echelon: from.echelon, start: ms(from.shift.start), end: ms(from.shift.end), officer: from.shift.officer,
});

/** The bars of a desk, each in the first row that is free when it begins. */
export function bars(desk: DeskPlan): Bar[] {
  const free: number[] = [];
  return desk.shifts.map((shift) => {
    const start = ms(shift.start);
    const found = free.findIndex((end) => end <= start);
    const row = found < 0 ? free.length : found;
    free[row] = ms(shift.end);
    return { echelon: desk.echelon, shift, row };
  });
}

export const keyOf = (bar: Bar): string => `${bar.echelon} ${bar.shift.start} ${bar.shift.officer}`;

/** A draft moved by a span, by the part of it that is held; never shorter than a quarter. */
export function moved(draft: Draft, by: number, part: Part): Draft {
  const snapped = (at: number): number => Math.round(at / SNAP_MS) * SNAP_MS;
  if (part === 'start') return { ...draft, start: Math.min(snapped(draft.start + by), draft.end - LEAST_MS) };
  if (part === 'end') return { ...draft, end: Math.max(snapped(draft.end + by), draft.start + LEAST_MS) };
  const start = snapped(draft.start + by);
  return { ...draft, start, end: start + draft.end - draft.start };
}

/** Whether a draft is anything else than the watch that it began as. */
export function differs(draft: Draft): boolean {
  const was = draftOf(draft.from);
  return (['echelon', 'start', 'end', 'officer'] as const).some((each) => draft[each] !== was[each]);
}

const ref = ({ echelon, shift }: Bar): object => ({ echelon, start: shift.start, officer: shift.officer });

/** A draft as the node takes it. */
export const moveOf = ({ from, echelon, start, end, officer }: Draft): object => ({
  move: { shift: ref(from), echelon, start: instant(start), end: instant(end), officer },
});

export const swapOf = (one: Bar, other: Bar): object => ({ swap: { one: ref(one), other: ref(other) } });

/** The bar that an arrow leads to: along a desk, or at about the same time on the next one. */
export function next(desks: Bar[][], from: Bar, key: string): Bar | undefined {
  const n = desks.findIndex((each) => each.some((bar) => keyOf(bar) === keyOf(from)));
  const along = desks[n] ?? [];
  const at = along.findIndex((bar) => keyOf(bar) === keyOf(from));
  if (key === 'ArrowLeft') return along[at - 1];
  if (key === 'ArrowRight') return along[at + 1];
  const middle = (ms(from.shift.start) + ms(from.shift.end)) / 2;
  const others = key === 'ArrowDown' ? desks.slice(n + 1) : desks.slice(0, Math.max(n, 0)).reverse();
  const row = others.find((each) => each.length > 0) ?? [];
  const away = (bar: Bar): number => Math.max(ms(bar.shift.start) - middle, middle - ms(bar.shift.end), 0);
  return [...row].sort((a, b) => away(a) - away(b))[0];
}

/** `2026-11-29T20:00`, for a field of a time; in UTC. */
export const typed = (at: number): string => instant(at).slice(0, 16);
