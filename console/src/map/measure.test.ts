import { describe, expect, it } from 'vitest';
import { between, said, written } from './measure';

describe('a measurement', () => {
  it('is on the ellipsoid: a degree of latitude and one of longitude at the equator', () => {
    expect(between([0, 0], [0, 1]).metres).toBeCloseTo(110_574.389, 2);
    expect(between([0, 0], [1, 0]).metres).toBeCloseTo(111_319.491, 2);
    expect(between([0, 0], [0, 0]).metres).toBe(0);
  });

  it('goes the short way over the antimeridian', () => {
    const over = between([179.5, 0], [-179.5, 0]);
    expect(over.metres).toBeCloseTo(111_319.491, 2);
    expect(over.bearing).toBeCloseTo(90, 9);
    expect(between([-179.5, 0], [179.5, 0]).bearing).toBeCloseTo(270, 9);
  });

  it('is said in km, nautical miles and degrees true, of which there are 360', () => {
    expect(said({ metres: 12_340, bearing: 47.2 })).toBe('12.34 km · 6.66 NM · 047°T');
    expect(said({ metres: 999.4, bearing: 0 })).toBe('999 m · 0.54 NM · 000°T');
    expect(said({ metres: 1_852, bearing: 359.7 })).toBe('1.85 km · 1.00 NM · 000°T');
  });
});

describe('a point', () => {
  it('is written in degrees, in sixtieths and on the military grid', () => {
    expect(written([40.15, 35.256])).toEqual({
      decimal: '35.25600N 040.15000E', dms: `35°15'21.6"N 040°09'00.0"E`, mgrs: '37SFV04610203',
    });
  });

  it('carries sixtieths over', () => {
    expect(written([-0.99999999, -59.99999999]).dms).toBe(`60°00'00.0"S 001°00'00.0"W`);
  });

  it('is kept on the globe, and off the grid at the poles', () => {
    expect(written([190, 0]).decimal).toBe('00.00000N 170.00000W');
    expect(written([0, 85]).mgrs).toBe('–');
  });
});
