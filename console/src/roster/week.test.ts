// A watch on the screen: nothing is hidden under another, and no drag makes what is none.

import { expect, test } from 'vitest';
import { bars, differs, draftOf, moved, next, SNAP_MS, type DeskPlan } from './week';

const at = (hour: number): string => new Date(Date.UTC(2026, 10, 23, hour)).toISOString();
const desk = (echelon: string, ...spans: [number, number][]): DeskPlan =>
  ({ echelon, shifts: spans.map(([a, b], n) => ({ officer: `o${n}`, start: at(a), end: at(b) })) }) as unknown as DeskPlan;

test('watches that overlap lie in rows of their own, and those that meet in one', () => {
  expect(bars(desk('a', [0, 8], [7, 16], [8, 12], [16, 24])).map((bar) => bar.row)).toEqual([0, 1, 0, 0]);
});

test('a watch is moved by quarters, and never to nothing or less', () => {
  const [bar] = bars(desk('a', [0, 8]));
  const draft = draftOf(bar!);
  expect(moved(draft, 20 * 60_000, 'whole').start - draft.start).toBe(SNAP_MS);
  expect(moved(draft, -99 * 3_600_000, 'end').end - draft.start).toBe(SNAP_MS);
  expect(moved(draft, 99 * 3_600_000, 'start').start).toBe(draft.end - SNAP_MS);
  expect(differs(moved(draft, 60_000, 'whole'))).toBe(false);
});

test('arrows lead along a desk, and to what is on at that time on the next', () => {
  const desks = [bars(desk('a', [0, 8], [8, 16])), bars(desk('empty')), bars(desk('b', [0, 6], [10, 20]))];
  const [first, second] = desks[0]!;
  expect(next(desks, first!, 'ArrowRight')).toBe(second);
  expect(next(desks, first!, 'ArrowLeft')).toBeUndefined();
  expect(next(desks, second!, 'ArrowDown')).toBe(desks[2]![1]);
  expect(next(desks, desks[2]![0]!, 'ArrowUp')).toBe(first);
});
