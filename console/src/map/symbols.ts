// Symbols: a small drawing for where something takes place (air, sea, land, below) and for how
// urgent it is. Paths of our own, on a canvas for the map and in SVG for the key, so that no
// font has to have them. None says whose side anybody is on: that is told by line and colour.

import { Icon } from 'ol/style';
import type { NoticeItem, Volume } from '../lib/types';

export type Domain = 'air' | 'sea' | 'land' | 'surface' | 'below';
export type Symbol = Domain | 'flash' | 'immediate' | 'priority' | 'routine';

/** Each in a square of 16, filled. */
export const PATHS: Record<Symbol, string> = {
  air: 'M8 1 9.2 3V6.2L15 10V11.6L9.2 9.8V12.6L11 14V15L8 14.2 5 15V14L6.8 12.6V9.8L1 11.6V10L6.8 6.2V3Z',
  sea: 'M1.5 9.5H14.5L12.2 13.8H3.8ZM7.2 1.5V8.3H2.8ZM8.6 3.2V8.3H12.6Z',
  land: 'M1 4H9.5V11.5H1ZM10.3 6.5H13L15 9V11.5H10.3ZM3.5 12A1.6 1.6 0 1 0 3.51 12ZM12 12A1.6 1.6 0 1 0 12.01 12Z',
  surface: 'M1 10H15V12H1ZM4 5H12V9H4Z',
  below: 'M1 2H15V4H1ZM7 5.5H9V10.5H12L8 15 4 10.5H7Z',
  flash: 'M9.5 0.5 3 9H7.2L5.6 15.5 13 6.2H8.6Z',
  immediate: 'M8 1.5 15 14.5H1Z',
  priority: 'M8 0.8 15.2 8 8 15.2 0.8 8Z',
  routine: 'M8 2A6 6 0 1 0 8.01 2Z',
};

const AT_SEA = /\b(sea|ship|ships|vessel|vessels|naval|maritime|sailing|fishing|ferry|port)\b/;
const ON_LAND = /\b(land|ground|road|convoy|convoys|march|rail|vehicle|vehicles)\b/;

/** Where a volume takes place: from its band; on the surface also from the activity's own name,
 * where that tells. What does not tell is not guessed. */
export function domainOf(notice: NoticeItem, volume: Volume): Domain {
  const { lower, upper } = volume.band;
  if (upper.datum !== 'surface' && upper.datum !== 'depth') return 'air';
  if (lower.datum === 'depth' && lower.value_cm > 0) return 'below';
  const activity = notice.activity.toLowerCase().replaceAll('-', ' ');
  if (AT_SEA.test(activity)) return 'sea';
  return ON_LAND.test(activity) ? 'land' : 'surface';
}

const made = new Map<string, HTMLCanvasElement>();
const SCALE = 2; // Sharp on a screen of twice the pixels.

/** Forget every drawing: the theme has changed. */
export function forgetSymbols(): void {
  made.clear();
}

/** A symbol as the map draws it, `lift` px above its point, with a halo of the ground's colour. */
export function icon(symbol: Symbol, colour: string, halo: string, lift = 0, ring = false): Icon {
  const key = `${symbol} ${colour} ${halo} ${ring}`;
  const img = made.get(key) ?? drawn(symbol, colour, halo, ring);
  made.set(key, img);
  return new Icon({ img, scale: 1 / SCALE, displacement: [0, lift], declutterMode: 'none' });
}

function drawn(symbol: Symbol, colour: string, halo: string, ring: boolean): HTMLCanvasElement {
  const size = ring ? 26 : 22;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * SCALE;
  const pen = canvas.getContext('2d');
  if (!pen) return canvas;
  pen.scale(SCALE, SCALE);
  if (ring) {
    pen.beginPath();
    pen.arc(size / 2, size / 2, size / 2 - 2, 0, 2 * Math.PI);
    pen.fillStyle = halo;
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  pen.translate(size / 2 - (ring ? 6 : 8), size / 2 - (ring ? 6 : 8));
  if (ring) pen.scale(0.75, 0.75);
  outlined(pen, PATHS[symbol], colour, halo);
  return canvas;
}

/** Draw a path filled, in a halo. */
export function outlined(pen: CanvasRenderingContext2D, path: string, colour: string, halo: string): void {
  const shape = new Path2D(path);
  pen.lineJoin = 'round';
  pen.lineWidth = 3;
  pen.strokeStyle = halo;
  pen.stroke(shape);
  pen.fillStyle = colour;
  pen.fill(shape);
}
