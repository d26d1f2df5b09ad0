import { describe, expect, it } from 'vitest';
import { between, said, written } from './measure';

describe('a point', () => {
  it('is written in three forms', () => {
    expect(written([34.8501, 36.23712])).toEqual({
      decimal: '36.23712N 034.85010E', dms: '36°14\'13.6"N 034°51\'00.4"E', mgrs: expect.stringMatching(/^36S[A-Z]{2}\d{8}$/),
    });
  });

  it('near a line takes the sign of what is written, and zero has none but the positive', () => {
    expect(written([-0.000001, -0.000001]).decimal).toBe('00.00000N 000.00000E');
    expect(written([-0, -0]).dms).toBe('00°00\'00.0"N 000°00\'00.0"E');
    expect(written([-0.00002, -0.00002]).decimal).toBe('00.00002S 000.00002W');
  });

  it('never has sixty seconds or sixty minutes', () => {
    expect(written([10.999999, 35.9999999]).dms).toBe('36°00\'00.0"N 011°00\'00.0"E');
    expect(written([-(10 + 59.96 / 3600), 0]).dms).toMatch(/010°01'00\.0"W$/);
  });

  it('on the antimeridian is one point, however often round', () => {
    const forms = [180, -180, 540, -540, 179.9999999, -179.9999999].map((lon) => written([lon, 10]).decimal);
    expect(new Set(forms)).toEqual(new Set(['10.00000N 180.00000E']));
    expect(written([181, 10]).decimal).toBe('10.00000N 179.00000W');
  });

  it('at the poles has no grid, and no latitude above ninety', () => {
    expect(written([0, 90])).toEqual({ decimal: '90.00000N 000.00000E', dms: '90°00\'00.0"N 000°00\'00.0"E', mgrs: '–' });
    expect(written([0, -90.0001]).decimal).toBe('90.00000S 000.00000E');
    expect(written([0, 84]).mgrs).not.toBe('–');
    expect(written([0, 84.01]).mgrs).toBe('–');
    expect(written([0, -80]).mgrs).not.toBe('–');
    expect(written([180, 10]).mgrs).toMatch(/^0?1P/);
  });
});

describe('a distance', () => {
  it('is on the ellipsoid: a degree of latitude and one of longitude at the equator', () => {
    expect(between([0, 0], [0, 1]).metres).toBeCloseTo(110_574.389, 2);
    expect(between([0, 0], [1, 0]).metres).toBeCloseTo(111_319.491, 2);
    expect(between([0, 0], [0, 0]).metres).toBe(0);
  });

  it('is measured over the antimeridian the short way', () => {
    const { metres, bearing } = between([179.5, 0], [-179.5, 0]);
    expect(metres).toBeCloseTo(111_319, -1);
    expect(bearing).toBeCloseTo(90);
  });

  it('has a bearing of three figures that is never 360, and turns to km where metres end', () => {
    expect(said({ metres: 999.6, bearing: 359.7 })).toBe('1.00 km · 0.54 NM · 000°T');
    expect(said({ metres: 0, bearing: 47.2 })).toBe('0 m · 0.00 NM · 047°T');
  });
});
