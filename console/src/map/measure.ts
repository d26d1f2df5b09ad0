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

/** The point in decimal degrees, in degrees, minutes and seconds, and on the military grid. */
export function written([lon, lat]: LonLat): Written {
  const east = ((((lon + 180) % 360) + 360) % 360) - 180;
  return {
    decimal: `${part(lat, 2)}${lat < 0 ? 'S' : 'N'} ${part(east, 3)}${east < 0 ? 'W' : 'E'}`,
    dms: `${sixty(lat, 2)}${lat < 0 ? 'S' : 'N'} ${sixty(east, 3)}${east < 0 ? 'W' : 'E'}`,
    mgrs: lat > -80 && lat < 84 ? forward([east, lat], 4) : '–',
  };
}

/** Distance in m, and true bearing in degrees from the first to the second. */
export function between(a: LonLat, b: LonLat): { metres: number; bearing: number } {
  const found = geographiclib.Geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0]);
  return { metres: found.s12 ?? 0, bearing: ((found.azi1 ?? 0) + 360) % 360 };
}

/** `12.34 km · 6.66 NM · 047°`. */
export function said({ metres, bearing }: { metres: number; bearing: number }): string {
  const km = metres < 1_000 ? `${metres.toFixed(0)} m` : `${(metres / 1_000).toFixed(2)} km`;
  return `${km} · ${(metres / 1_852).toFixed(2)} NM · ${String(Math.round(bearing) % 360).padStart(3, '0')}°T`;
}

function part(value: number, width: number): string {
  return Math.abs(value).toFixed(5).padStart(width + 6, '0');
}

function sixty(value: number, width: number): string {
  const tenths = Math.round(Math.abs(value) * 36_000);
  const pad = (n: number, w: number): string => String(n).padStart(w, '0');
  const seconds = (tenths % 600) / 10;
  const minutes = Math.floor(tenths / 600) % 60;
  return `${pad(Math.floor(tenths / 36_000), width)}°${pad(minutes, 2)}'${seconds.toFixed(1).padStart(4, '0')}"`;
}
