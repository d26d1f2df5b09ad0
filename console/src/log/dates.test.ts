import { describe, expect, it } from 'vitest';
import { after, byDay, day, exact, full, parsed, planned } from './dates';

const ms = Date.parse;
const entry = (at: string | null) => ({ at });

describe('an instant on paper', () => {
  it('has its year and its milliseconds, in UTC', () => {
    expect(full(ms('2026-11-23T12:04:31.120Z'))).toBe('23 NOV 2026 1204:31.120Z');
    expect(day(ms('2026-12-31T23:59:59.999Z'))).toBe('31 DEC 2026');
    expect(exact(ms('2027-01-01T00:00:00.000Z'))).toBe('0000:00.000Z');
    expect(planned(ms('2026-11-23T12:04:00.000Z'))).toBe('23 NOV 2026 1204Z');
  });

  it('is told by how long after the first', () => {
    expect(after(31_120, 0)).toBe('T+0:00:31.120');
    expect(after(26 * 3_600_000, 0)).toBe('T+26:00:00.000');
    expect(after(0, 1_500)).toBe('T−0:00:01.500');
  });
});

it('a night is listed by its two days, and what has no time stays where it is', () => {
  const [late, none, early] = [entry('2026-11-23T23:59:59.999Z'), entry(null), entry('2026-11-24T00:00:00.000Z')];
  expect(byDay([late, none, early])).toEqual([
    { day: '23 NOV 2026', items: [late, none] },
    { day: '24 NOV 2026', items: [early] },
  ]);
  expect(byDay([])).toEqual([]);
});

describe('a typed time', () => {
  const now = ms('2026-11-23T12:04:31.120Z');
  const of = (text: string): string | null => {
    const found = parsed(text, now);
    return found === null ? null : new Date(found).toISOString();
  };

  it('is read in every form in which the page writes one', () => {
    for (const text of ['2026-11-23T12:04:31.120Z', '23 NOV 2026 1204:31.120Z', full(now)]) {
      expect(of(text)).toBe('2026-11-23T12:04:31.120Z');
    }
    expect(of('2026-11-22 23:59')).toBe('2026-11-22T23:59:00.000Z');
    expect(of('22 nov 2359Z')).toBe('2026-11-22T23:59:00.000Z');
    expect(of('22 NOV 2012Z')).toBe('2026-11-22T20:12:00.000Z');
    expect(of('22 NOV 2012')).toBe('2012-11-22T00:00:00.000Z');
    expect(of('2026-11-22')).toBe('2026-11-22T00:00:00.000Z');
  });

  it('without a date is the last one that there was', () => {
    expect(of('1200Z')).toBe('2026-11-23T12:00:00.000Z');
    expect(of('2330')).toBe('2026-11-22T23:30:00.000Z');
  });

  it('may be so long ago', () => {
    expect(of('-3h')).toBe('2026-11-23T09:04:31.120Z');
    expect(of('−10 min')).toBe('2026-11-23T11:54:31.120Z');
  });

  it('is refused if there is no such day or time', () => {
    for (const text of ['', 'noon', '2560Z', '2026-02-30', '31 NOV 1200Z', '12 XYZ 1200Z', '1200+01:00']) {
      expect(of(text)).toBeNull();
    }
  });
});
