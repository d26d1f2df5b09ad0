import { describe, expect, it } from 'vitest';
import { altitude, apart, band, certaintyOf, decimal, length, window, worst } from './say';
import type { Altitude, Volume } from './types';

const level = (datum: string, value_cm: number): Altitude => ({ datum, value_cm }) as Altitude;

describe('what the node measures is written exactly', () => {
  it('lengths in m below a kilometre, in km from there', () => {
    expect([0, 150, 999, 1_000, 50_000, 99_999].map(length)).toEqual(['0 m', '1.5 m', '9.99 m', '10 m', '500 m', '1000 m']);
    expect([100_000, 1_250_000, 1_852_00].map(length)).toEqual(['1 km', '12.5 km', '1.85 km']);
  });

  it('levels never without what they are measured from', () => {
    expect(altitude(level('fl', 3_048 * 90))).toBe('FL090');
    expect(altitude(level('fl', 3_048 * 450))).toBe('FL450');
    expect(altitude(level('fl', 3_048 * 90.5))).toBe('FL90.5');
    expect(altitude(level('surface', 0))).toBe('SFC');
    expect(altitude(level('depth', 12_000))).toBe('-120 m');
    expect(altitude(level('height', 15_000))).toBe('150 m AGL');
    expect(altitude(level('amsl', 150_000))).toBe('1500 m AMSL');
    expect(altitude(level('ellipsoidal', 150_000))).toBe('1500 m HAE');
    expect(band({ lower: level('surface', 0), upper: level('fl', 3_048 * 180) } as never)).toBe('SFC–FL180');
  });

  it('positions in degrees with the side of the equator and of Greenwich', () => {
    expect(decimal({ lat_e7: 352_560_000, lon_e7: 401_500_000 })).toBe('35.25600N 040.15000E');
    expect(decimal({ lat_e7: -1, lon_e7: -1_799_999_999 }, 7)).toBe('00.0000001S 179.9999999W');
    expect(decimal({ lat_e7: 0, lon_e7: 0 }, 0)).toBe('000N 0000E');
  });

  it('windows from the first start to the last end', () => {
    const volume = (start: string, end: string): Volume => ({ window: { start, end } }) as Volume;
    const [start, end] = window([
      volume('2026-11-23T14:00:00.000Z', '2026-11-23T15:00:00.000Z'),
      volume('2026-11-23T13:00:00.000Z', '2026-11-23T14:30:00.000Z'),
    ]);
    expect([new Date(start).toISOString(), new Date(end).toISOString()]).toEqual([
      '2026-11-23T13:00:00.000Z', '2026-11-23T15:00:00.000Z',
    ]);
  });
});

describe('a claim', () => {
  it('is as certain as it says, and by version 1 as its bands could be compared', () => {
    expect(certaintyOf({ certainty: 'possible', closest: { vertical_cm: 0 } })).toBe('possible');
    expect(certaintyOf({ closest: { vertical_cm: 0 } })).toBe('certain');
    expect(certaintyOf({ closest: { vertical_cm: null } })).toBe('possible');
    expect(certaintyOf({})).toBe('possible');
  });

  it('says by version 2 that what lies between the bands is the least', () => {
    expect(apart(12_000, 1)).toBe('120 m');
    expect(apart(12_000, 2)).toBe('\u2066≥ 120 m\u2069');
  });
});

describe('the worst case of terms', () => {
  const minima = { horizontal_cm: 0, vertical_cm: 0, time_ms: 0 };

  it('is said part by part, and what is not stated is left empty', () => {
    const pressure = { lowest_hpa: 980, highest_hpa: 1_040, temperature_pct: 10 };
    const terrain = { lowest_cm: -1_000, highest_cm: 280_050 };
    expect(worst({ ...minima, heights: { pressure, terrain } })).toEqual([
      ['pressure', '980–1040 hPa, ± 10 %'], ['terrain', '-10 m – 2800.5 m'], ['geoid', ''],
    ]);
    expect(worst(minima).map(([, stated]) => stated)).toEqual(['', '', '']);
  });
});
