// Measure: how a point is written in three forms, and how far and in what direction two points
// are apart, on the ellipsoid. For a person at the map; nothing here is ever sent.

import geographiclib from 'geographiclib-geodesic';
import { forward } from 'mgrs';
import type { LonLat } from './shapes';

export interface Written {
  decimal: string;
  dms: string;
  mgrs: string;
}

const POLAR_NORTH = 84;
const POLAR_SOUTH = -80;

/** The point in decimal degrees, in degrees, minutes and seconds, and on the military grid. */
export function written([lon, lat]: LonLat): Written {
  const north = Math.max(-90, Math.min(90, lat));
  const east = ((((lon + 180) % 360) + 360) % 360) - 180;
  const both = (form: (value: number, width: number, signs: string) => string): string =>
    `${form(north, 2, 'NS')} ${form(east, 3, 'EW')}`;
  return { decimal: both(part), dms: both(sixty), mgrs: grid(east, north) };
}

/** The grid has no zones beyond 84 north and 80 south: nothing is said there. */
function grid(east: number, north: number): string {
  if (north < POLAR_SOUTH || north > POLAR_NORTH || !Number.isFinite(east)) return '–';
  return forward([east, north], 4);
}

/** Distance in m, and true bearing in degrees from the first to the second. */
export function between(a: LonLat, b: LonLat): { metres: number; bearing: number } {
  const found = geographiclib.Geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0]);
  return { metres: found.s12 ?? 0, bearing: ((found.azi1 ?? 0) + 360) % 360 };
}

/** `12.34 km · 6.66 NM · 047°T`. */
export function said({ metres, bearing }: { metres: number; bearing: number }): string {
  const km = Math.round(metres) < 1_000 ? `${metres.toFixed(0)} m` : `${(metres / 1_000).toFixed(2)} km`;
  // Rounded first: north is 000, and never 360.
  const degrees = String(Math.round(bearing) % 360).padStart(3, '0');
  return `${km} · ${(metres / 1_852).toFixed(2)} NM · ${degrees}°T`;
}

// The sign is that of what is written: nothing south of the line is written as 00.00000S. The
// antimeridian is 180E.
const FINE = 100_000;

function part(value: number, width: number, signs: string): string {
  const hundred = Math.round(Math.abs(value) * FINE);
  return `${(hundred / FINE).toFixed(5).padStart(width + 6, '0')}${sign(value, hundred === 0 || hundred === 180 * FINE, signs)}`;
}

function sixty(value: number, width: number, signs: string): string {
  const tenths = Math.round(Math.abs(value) * 36_000);
  const pad = (n: number, w: number): string => String(n).padStart(w, '0');
  const seconds = (tenths % 600) / 10;
  const minutes = Math.floor(tenths / 600) % 60;
  const degrees = Math.floor(tenths / 36_000);
  const written = `${pad(degrees, width)}°${pad(minutes, 2)}'${seconds.toFixed(1).padStart(4, '0')}"`;
  return written + sign(value, tenths === 0 || tenths === 180 * 36_000, signs);
}

const sign = (value: number, positive: boolean, [plus = '', minus = '']: string): string =>
  value < 0 && !positive ? minus : plus;
