// Shapes: outlines as rings for the eye. A circle becomes a ring of points, a corridor and a
// margin are laid around their core. Close enough to look at, and never used for anything
// else: whether two shapes conflict is the node's to say, on the ellipsoid.

import type { Outline, Position } from '../lib/types';

export type LonLat = [number, number];
export type Rings = LonLat[][];

const EARTH_M = 6_371_008.8;
const DEG = Math.PI / 180;
const ARC_STEPS = 48;

/** The place in degrees, longitude first. */
export const lonLat = (at: Position): LonLat => [at.lon_e7 / 1e7, at.lat_e7 / 1e7];

/** The position of a point in degrees, kept on the globe. */
export function position([lon, lat]: LonLat): Position {
  const turned = ((((lon + 180) % 360) + 360) % 360) - 180;
  return {
    lat_e7: Math.round(Math.max(-90, Math.min(90, lat)) * 1e7),
    lon_e7: Math.round(turned * 1e7),
  };
}

/** The exterior ring of an outline and its holes, each in one run of longitudes. */
export function rings(outline: Outline): Rings {
  if (outline.shape === 'circle') return [around(lonLat(outline.centre), outline.radius_cm / 100)];
  if (outline.shape === 'corridor') {
    return [corridor(unwrapped(outline.points.map(lonLat)), outline.width_cm / 200)];
  }
  const exterior = unwrapped(outline.exterior.map(lonLat));
  const margin = (outline.margin_cm ?? 0) / 100;
  const holes = (outline.holes ?? []).map((hole) => near(unwrapped(hole.map(lonLat)), exterior));
  const ring = margin > 0 ? widened(exterior, margin) : exterior;
  return [closed(ring), ...holes.map(closed)];
}

/** The point that a bearing (radians) and a distance (m) lead to, on a sphere. */
export function from([lon, lat]: LonLat, bearing: number, distance: number): LonLat {
  const d = distance / EARTH_M;
  const la = lat * DEG;
  const to = Math.asin(Math.sin(la) * Math.cos(d) + Math.cos(la) * Math.sin(d) * Math.cos(bearing));
  const east = Math.atan2(
    Math.sin(bearing) * Math.sin(d) * Math.cos(la),
    Math.cos(d) - Math.sin(la) * Math.sin(to),
  );
  return [lon + east / DEG, to / DEG];
}

/** Where the outline is, for a label or to go to, and how far it reaches in m. */
export function middle(outline: Outline): { at: LonLat; reach: number } {
  const ring = rings(outline)[0] ?? [[0, 0]];
  const lons = ring.map((p) => p[0]);
  const lats = ring.map((p) => p[1]);
  const [w, e] = [Math.min(...lons), Math.max(...lons)];
  const [s, n] = [Math.min(...lats), Math.max(...lats)];
  const at: LonLat = [(w + e) / 2, (s + n) / 2];
  const wide = (e - w) * DEG * EARTH_M * Math.cos(at[1] * DEG);
  return { at, reach: Math.max(wide, (n - s) * DEG * EARTH_M) / 2 };
}

function around(centre: LonLat, radius: number): LonLat[] {
  const points: LonLat[] = [];
  for (let n = 0; n <= ARC_STEPS; n++) {
    points.push(from(centre, (2 * Math.PI * n) / ARC_STEPS, radius));
  }
  return points;
}

function corridor(path: LonLat[], half: number): LonLat[] {
  const left: LonLat[] = [];
  const right: LonLat[] = [];
  path.forEach((point, n) => {
    const before = path[n - 1];
    const after = path[n + 1];
    const into = before ? bearing(before, point) : after ? bearing(point, after) : 0;
    const out = after ? bearing(point, after) : into;
    const turn = Math.atan2(Math.sin(out - into), Math.cos(out - into));
    const along = into + turn / 2;
    // A mitre, cut where it would run away at a sharp turn.
    const reach = half / Math.max(Math.cos(turn / 2), 0.4);
    left.push(from(point, along - Math.PI / 2, reach));
    right.push(from(point, along + Math.PI / 2, reach));
  });
  const first = path[0];
  const last = path.at(-1);
  if (!first || !last || path.length < 2) return first ? around(first, half) : [];
  const start = bearing(first, path[1] ?? last);
  const end = bearing(path.at(-2) ?? first, last);
  return closed([...left, ...arc(last, end - Math.PI / 2, half), ...right.reverse(), ...arc(first, start + Math.PI / 2, half)]);
}

function arc(centre: LonLat, from_: number, radius: number): LonLat[] {
  return Array.from({ length: 13 }, (_, n) => from(centre, from_ + (Math.PI * n) / 12, radius));
}

function widened(ring: LonLat[], margin: number): LonLat[] {
  const clockwise = area(ring) < 0;
  const side = clockwise ? -Math.PI / 2 : Math.PI / 2;
  const points: LonLat[] = [];
  ring.forEach((point, n) => {
    const before = ring[(n + ring.length - 1) % ring.length] ?? point;
    const after = ring[(n + 1) % ring.length] ?? point;
    const into = bearing(before, point) + side;
    const out = bearing(point, after) + side;
    const turn = Math.atan2(Math.sin(out - into), Math.cos(out - into));
    const steps = Math.max(1, Math.ceil(Math.abs(turn) / 0.3));
    for (let k = 0; k <= steps; k++) points.push(from(point, into + (turn * k) / steps, margin));
  });
  return points;
}

function bearing([lonA, latA]: LonLat, [lonB, latB]: LonLat): number {
  const d = (lonB - lonA) * DEG;
  const [a, b] = [latA * DEG, latB * DEG];
  return Math.atan2(
    Math.sin(d) * Math.cos(b),
    Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(d),
  );
}

function area(ring: LonLat[]): number {
  return ring.reduce((sum, [x, y], n) => {
    const [nx, ny] = ring[(n + 1) % ring.length] ?? [x, y];
    return sum + (x * ny - nx * y);
  }, 0);
}

/** A path whose longitudes never jump: over the antimeridian they run past 180. */
function unwrapped(path: LonLat[]): LonLat[] {
  let last = path[0]?.[0] ?? 0;
  return path.map(([lon, lat]) => {
    last += ((((lon - last + 180) % 360) + 360) % 360) - 180;
    return [last, lat];
  });
}

function near(ring: LonLat[], other: LonLat[]): LonLat[] {
  const turns = Math.round(((other[0]?.[0] ?? 0) - (ring[0]?.[0] ?? 0)) / 360) * 360;
  return turns ? ring.map(([lon, lat]) => [lon + turns, lat]) : ring;
}

function closed(ring: LonLat[]): LonLat[] {
  const first = ring[0];
  return first ? [...ring, first] : ring;
}
