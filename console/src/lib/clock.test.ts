import { describe, expect, it } from 'vitest';
import { clock, hhmm, instant, ms, span, zulu } from './clock.svelte';

describe('the clock', () => {
  it('writes an instant as a watch reads it, in UTC', () => {
    const at = ms('2026-11-03T02:04:31.999Z');
    expect(zulu(at)).toBe('03 NOV 0204:31Z');
    expect(zulu(at, false)).toBe('03 NOV 0204Z');
    expect(hhmm(at)).toBe('0204Z');
    expect(instant(at)).toBe('2026-11-03T02:04:31.999Z');
    expect(zulu(ms('2026-12-31T23:59:59.999Z'))).toBe('31 DEC 2359:59Z');
  });

  it.each([
    [-1, '00:00'], [0, '00:00'], [999, '00:00'], [1_000, '00:01'], [59_999, '00:59'], [60_000, '01:00'],
    [3_599_999, '59:59'], [3_600_000, '1:00:00'], [3_729_000, '1:02:09'], [86_399_999, '23:59:59'],
    [86_400_000, '1d 00h'], [273_600_000, '3d 04h'],
  ])('writes a span of %i ms as %s', (length, said) => {
    expect(span(length)).toBe(said);
  });

  it('follows the node’s clock and never goes back', () => {
    clock.told('2026-11-23T14:00:00.000Z');
    const first = clock.now;
    expect(Math.abs(first - ms('2026-11-23T14:00:00.000Z'))).toBeLessThanOrEqual(1_000);
    clock.told('2026-11-23T13:00:00.000Z');
    expect(clock.now).toBeGreaterThanOrEqual(first);
    clock.told('2026-11-23T15:00:00.000Z');
    expect(clock.now).toBeGreaterThanOrEqual(ms('2026-11-23T15:00:00.000Z'));
    expect(clock.silent).toBeLessThan(1_000);
  });
});
