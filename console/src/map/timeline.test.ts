import { describe, expect, it } from 'vitest';
import type { NoticeItem } from '../lib/types';
import { density, every, moved, page, STEP_MS } from './timeline';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-23T12:03:00.000Z');
const on = (text: string): number => Date.parse(`2026-11-23T${text}:00.000Z`);

describe('a key', () => {
  it('moves to the next mark of five minutes, whichever way', () => {
    expect(moved(NOW, STEP_MS, NOW)).toBe(on('12:05'));
    expect(moved(NOW, -STEP_MS, NOW)).toBe(on('12:00'));
    expect(moved(on('12:05'), STEP_MS, NOW)).toBe(on('12:10'));
    expect(moved(on('12:05'), -HOUR, NOW)).toBe(on('11:05'));
  });

  it('ends a week away, and lets who is further off come back', () => {
    const far = NOW + 400 * 24 * HOUR;
    expect(moved(NOW + 7 * 24 * HOUR, HOUR, NOW)).toBe(NOW + 7 * 24 * HOUR);
    expect(moved(far, STEP_MS, NOW)).toBe(far);
    expect(moved(far, -HOUR, NOW)).toBeLessThan(far);
  });
});

it('the stretch that is shown turns to where the time is, a whole stretch at once', () => {
  expect(page(0, 24, null)).toBe(0);
  expect(page(0, 24, 24)).toBe(0);
  expect(page(0, 24, 25)).toBe(24);
  expect(page(0, 24, -1)).toBe(-24);
  expect(page(0, 24, -49)).toBe(-72);
});

it('a week has a mark a day, and half a day one an hour', () => {
  expect([6, 12, 24, 72, 168].map((hours) => every(hours) / HOUR)).toEqual([1, 1, 2, 12, 24]);
});

it('counts what is open in each slot, by side, and no longer than it stood', () => {
  const notice = (more: Partial<NoticeItem>): NoticeItem => ({
    mine: true, state: 'active', opens: new Date(HOUR).toISOString(), closes: new Date(3 * HOUR).toISOString(),
    declared_at: new Date(0).toISOString(), ended_at: null, ...more,
  }) as NoticeItem;
  const ended = { state: 'withdrawn', ended_at: new Date(2 * HOUR).toISOString(), mine: false };
  const [ours, theirs] = density([notice({}), notice(ended), notice({ opens: new Date(-9 * HOUR).toISOString() })], 0, 4 * HOUR, 4);
  expect([...ours]).toEqual([1, 2, 2, 2]);
  expect([...theirs]).toEqual([0, 1, 1, 0]);
});
