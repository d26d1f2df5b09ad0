import { describe, expect, it } from 'vitest';
import type { Outline, Position } from '../lib/types';
import { between } from './measure';
import { from, lonLat, middle, position, rings, type LonLat } from './shapes';

const at = (lon: number, lat: number): Position => ({ lat_e7: Math.round(lat * 1e7), lon_e7: Math.round(lon * 1e7) });
const circle = (lon: number, lat: number, radius_cm: number): Outline =>
  ({ shape: 'circle', centre: at(lon, lat), radius_cm }) as Outline;
const ring = (outline: Outline): LonLat[] => rings(outline)[0] as LonLat[];
const isClosed = (points: LonLat[]): boolean =>
  Math.hypot(points[0]![0] - points.at(-1)![0], points[0]![1] - points.at(-1)![1]) < 1e-9;

describe('an outline for the eye', () => {
  it('a circle is a closed ring at its radius, to half a per cent', () => {
    const points = ring(circle(40, 35, 1_000_000));
    expect(isClosed(points)).toBe(true);
    for (const each of points) expect(between([40, 35], each).metres / 10_000).toBeCloseTo(1, 2);
  });

  it('a corridor reaches half its width beyond its ends, and no less at a turn', () => {
    const points = [at(40, 35), at(41, 35), at(41, 36)];
    const laid = ring({ shape: 'corridor', points, width_cm: 2_000_000 } as Outline);
    expect(isClosed(laid)).toBe(true);
    const nearest = (to: LonLat): number => Math.min(...laid.map((each) => between(each, to).metres));
    const [start, turn, end] = points.map((each) => nearest(lonLat(each)) / 10_000);
    expect([start, end]).toEqual([expect.closeTo(1, 1), expect.closeTo(1, 1)]);
    expect(turn).toBeGreaterThanOrEqual(1);
  });

  it('a polygon keeps its holes, each closed, and grows by its margin', () => {
    const square = (size: number): Position[] => [at(40, 35), at(40 + size, 35), at(40 + size, 35 + size), at(40, 35 + size)];
    const outline = { shape: 'polygon', exterior: square(1), holes: [square(0.5)] } as Outline;
    expect(rings(outline).map((each) => [each.length, isClosed(each)])).toEqual([[5, true], [5, true]]);
    const wide = ring({ ...outline, margin_cm: 1_000_000 } as Outline);
    const lats = wide.map((each) => each[1]);
    expect(between([40, Math.min(...lats)], [40, 35]).metres / 10_000).toBeCloseTo(1, 1);
  });

  it('runs on over the antimeridian and never jumps', () => {
    const exterior = [at(179, -1), at(-179, -1), at(-179, 1), at(179, 1)];
    const points = ring({ shape: 'polygon', exterior } as Outline);
    expect(points.map((each) => Math.round(each[0]))).toEqual([179, 181, 181, 179, 179]);
    const { at: centre, reach } = middle({ shape: 'polygon', exterior } as Outline);
    expect(centre).toEqual([180, 0]);
    expect(reach).toBeGreaterThan(100_000);
    expect(position(centre)).toEqual({ lat_e7: 0, lon_e7: -1_800_000_000 });
  });

  it('a point a way off is there', () => {
    const there = from([40, 35], Math.PI / 2, 50_000);
    expect(between([40, 35], there).metres / 50_000).toBeCloseTo(1, 2);
    expect(between([40, 35], there).bearing).toBeCloseTo(90, 0);
  });
});
