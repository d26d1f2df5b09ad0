// Say: how the node's own quantities are written on the screen: exactly, in figures that are
// the same in every language. It rounds only what is said to be rounded.

import type { Altitude, Band, Certainty, Minima, Position, Track, Volume } from './types';

/** `12.5 km` or `500 m`, of a length in cm. */
export function length(cm: number): string {
  if (cm >= 100_000) return `${trim(cm / 100_000, 2)} km`;
  return `${trim(cm / 100, cm < 1_000 ? 2 : 0)} m`;
}

/** `FL120`, `1500 m AMSL`, `SFC`: a level never without what it is measured from. */
export function altitude(level: Altitude): string {
  switch (level.datum) {
    case 'fl': {
      const fl = level.value_cm / 3_048;
      return `FL${Number.isInteger(fl) ? String(fl).padStart(3, '0') : trim(fl, 1)}`;
    }
    case 'surface':
      return 'SFC';
    case 'depth':
      return `-${trim(level.value_cm / 100, 0)} m`;
    case 'height':
      return `${trim(level.value_cm / 100, 0)} m AGL`;
    case 'ellipsoidal':
      return `${trim(level.value_cm / 100, 0)} m HAE`;
    case 'amsl':
      return `${trim(level.value_cm / 100, 0)} m AMSL`;
  }
}

/** The height of a track, with what it is measured from; a dash if none is known. */
export function level(of: Track['level']): string {
  if (of.value_cm === null) return '–';
  if (of.datum === 'fl') return `FL${String(Math.round(of.value_cm / 3_048)).padStart(3, '0')}`;
  if (of.datum === 'surface') return 'SFC';
  const metres = `${trim(of.value_cm / 100, 0)} m`;
  return of.datum === 'ellipsoidal' ? `${metres} HAE` : `${metres} ?`;
}

export const band = (of: Band): string => `${altitude(of.lower)}–${altitude(of.upper)}`;

/** `≥ 120 m`: how far two bands are apart. By version 2 of the rule it is the least of it. */
export const apart = (cm: number, rule: number): string =>
  rule > 1 ? `\u2066≥ ${length(cm)}\u2069` : length(cm);

/** Whether a claim is certain; by version 1 of the rule, whether its bands could be compared. */
export const certaintyOf = (found: { certainty?: Certainty; closest?: { vertical_cm?: number | null } }): Certainty =>
  found.certainty ?? (typeof found.closest?.vertical_cm === 'number' ? 'certain' : 'possible');

/** By what worst case levels of different data are compared, part by part; empty if unstated. */
export function worst({ heights }: Minima): [part: 'pressure' | 'terrain' | 'geoid', stated: string][] {
  const air = heights?.pressure;
  const range = (of?: { lowest_cm: number; highest_cm: number }): string =>
    of ? `${trim(of.lowest_cm / 100, 2)} m – ${trim(of.highest_cm / 100, 2)} m` : '';
  return [
    ['pressure', air ? `${air.lowest_hpa}–${air.highest_hpa} hPa, ± ${air.temperature_pct} %` : ''],
    ['terrain', range(heights?.terrain)],
    ['geoid', range(heights?.geoid)],
  ];
}

/** `36.23712N 034.85010E`, decimal degrees. */
export function decimal(at: Position, digits = 5): string {
  const part = (value: number, width: number, positive: string, negative: string): string =>
    Math.abs(value / 1e7).toFixed(digits).padStart(width + 1 + digits, '0') +
    (value < 0 ? negative : positive);
  return `${part(at.lat_e7, 2, 'N', 'S')} ${part(at.lon_e7, 3, 'E', 'W')}`;
}

/** When the volumes of a notice begin and end, ms since the epoch. */
export function window(volumes: Volume[]): [number, number] {
  const starts = volumes.map((each) => Date.parse(each.window.start));
  const ends = volumes.map((each) => Date.parse(each.window.end));
  return [Math.min(...starts), Math.max(...ends)];
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
