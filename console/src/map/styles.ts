// Styles: how each thing on the map is drawn, from the theme's own colours. Own and theirs
// differ by line as well as by colour; what is not known to be so any more is hatched.

import { Fill, Stroke, Style, Text } from 'ol/style';
import type { NoticeItem } from '../lib/types';
import { band } from '../lib/say';

const FONT = '600 12px "Noto Sans Variable", "Noto Sans Arabic Variable", "Noto Sans Hebrew Variable", "Noto Sans SC", sans-serif';

export interface Colours {
  own: string; theirs: string; bad: string; ink: string; base: string; quiet: string;
  land: string; shore: string; border: string; sea: string; shift: string; warn: string;
}

/** The colours of the theme that is shown now. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    own: read('own'), theirs: read('theirs'), bad: read('bad'), ink: read('ink'),
    base: read('base'), quiet: read('quiet'), land: read('land'), shore: read('shore'),
    border: read('border'), sea: read('sea'), shift: read('shift'), warn: read('warn'),
  };
}

export interface Shown {
  mine: boolean;
  conflict: boolean;
  stale: boolean;
  picked: boolean;
  label: string;
}

const made = new Map<string, Style>();
const hatches = new Map<string, CanvasPattern | null>();

/** Forget every style: the theme has changed. */
export function forget(): void {
  made.clear();
  hatches.clear();
}

/** The style of an area. Styles are shared: ten thousand areas have a handful of looks. */
export function areaStyle(shown: Shown, hue: Colours, labels: boolean): Style {
  const key = `${shown.mine}${shown.conflict}${shown.stale}${shown.picked}${labels ? shown.label : ''}`;
  const known = made.get(key);
  if (known) return known;
  const line = shown.conflict ? hue.bad : shown.mine ? hue.own : hue.theirs;
  const fill = shown.stale ? (hatch(line) ?? faint(line)) : faint(line);
  const stroke: { color: string; width: number; lineDash?: number[] } = {
    color: line, width: shown.picked ? 4 : shown.conflict ? 3 : 1.8,
  };
  if (!shown.mine) stroke.lineDash = [8, 5];
  const style = new Style({
    stroke: new Stroke(stroke),
    fill: new Fill({ color: fill }),
    zIndex: shown.picked ? 3 : shown.conflict ? 2 : 1,
  });
  if (labels) style.setText(text(shown.label, line, hue.base));
  if (made.size > 4_000) made.clear();
  made.set(key, style);
  return style;
}

export function text(label: string, colour: string, halo: string): Text {
  return new Text({
    text: label, font: FONT, overflow: true,
    fill: new Fill({ color: colour }), stroke: new Stroke({ color: halo, width: 3 }),
  });
}

/** A name that no other script beside it can reorder (FSI and PDI, UAX 9). */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

/** What an area is called on the map: isolated, so that no script reorders its neighbours. */
export function labelOf(notice: NoticeItem, conflict: boolean, stale: string): string {
  const name = notice.label || `…${notice.handle}`;
  const level = notice.volumes[0] ? band(notice.volumes[0].band) : '';
  const first = `\u2068${conflict ? '▲ ' : ''}${name}\u2069`;
  return [first, `\u2066${level}\u2069`, ...(stale ? [`\u2068${stale}\u2069`] : [])].join('\n');
}

function faint(colour: string): string {
  const found = /^#(..)(..)(..)$/.exec(colour);
  if (!found) return colour;
  const [r, g, b] = found.slice(1).map((part) => parseInt(part, 16));
  return `rgba(${r}, ${g}, ${b}, 0.12)`;
}

function hatch(colour: string): CanvasPattern | null {
  if (hatches.has(colour)) return hatches.get(colour) ?? null;
  const tile = document.createElement('canvas');
  tile.width = tile.height = 10;
  const pen = tile.getContext('2d');
  if (!pen) return null;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.globalAlpha = 0.7;
  pen.beginPath();
  for (const shift of [-10, 0, 10]) {
    pen.moveTo(shift, 10);
    pen.lineTo(shift + 10, 0);
  }
  pen.stroke();
  const pattern = pen.createPattern(tile, 'repeat');
  hatches.set(colour, pattern);
  return pattern;
}
