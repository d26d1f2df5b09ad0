// Styles: how each thing on the map is drawn, from the theme's own colours. Own and theirs
// differ by line as well as by colour; what is not known to be so any more is hatched.

import type Feature from 'ol/Feature';
import Point from 'ol/geom/Point';
import Polygon from 'ol/geom/Polygon';
import type { FeatureLike } from 'ol/Feature';
import { Fill, Stroke, Style, Text } from 'ol/style';
import { FAMILIES } from '../lib/fonts';
import { hhmm } from '../lib/clock.svelte';
import { band } from '../lib/say';
import type { Stand } from './history';
import { forgetSymbols, icon, type Domain } from './symbols';

export const FONT = `600 12px ${FAMILIES}`;
export const SMALL_FONT = `11px ${FAMILIES}`;
const LINE_PX = 8; // Half of a line of a label.

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
  domain: Domain;
  /** Made only where it is drawn. */
  label: () => string;
}

const made = new Map<string, Style[]>();
const hatches = new Map<string, CanvasPattern | null>();
const MOST = 4_000;

/** Forget every style: the theme has changed, or a font has come. */
export function forget(): void {
  made.clear();
  hatches.clear();
  forgetSymbols();
}

/** The style of an area. Styles are shared: ten thousand areas have a handful of looks. */
export function areaStyle(shown: Shown, hue: Colours, labels: boolean): Style[] {
  const labelled = labels || shown.picked || shown.conflict;
  const label = labelled ? shown.label() : '';
  const key = `${shown.mine}${shown.conflict}${shown.stale}${shown.picked}${shown.domain}${label}`;
  const known = made.get(key);
  if (known) return known;
  const line = shown.conflict ? hue.bad : shown.mine ? hue.own : hue.theirs;
  const fill = shown.stale ? (hatch(line) ?? faint(line)) : faint(line);
  const stroke: { color: string; width: number; lineDash?: number[] } = {
    color: line, width: shown.picked ? 4 : shown.conflict ? 3 : 1.8,
  };
  if (!shown.mine) stroke.lineDash = [8, 5];
  const area = new Style({
    stroke: new Stroke(stroke), fill: new Fill({ color: fill }), zIndex: shown.conflict ? 2 : 1,
  });
  const styles = [area];
  if (label) {
    area.setText(text(label, line, hue.base));
    const lift = label.split('\n').length * LINE_PX + 14;
    styles.push(new Style({ image: icon(shown.domain, line, hue.base, lift), geometry: inside, zIndex: 3 }));
  }
  if (made.size > MOST) made.clear();
  made.set(key, styles);
  return styles;
}

/** Where a label stands: the point inside of a shape. */
function inside(feature: FeatureLike): Point | undefined {
  const shape = (feature as Feature).getGeometry();
  return shape instanceof Polygon ? new Point(shape.getInteriorPoint().getCoordinates().slice(0, 2)) : undefined;
}

export function text(label: string, colour: string, halo: string, font = FONT): Text {
  return new Text({
    text: label, font, overflow: true,
    fill: new Fill({ color: colour }), stroke: new Stroke({ color: halo, width: 3 }),
  });
}

/** A name that no other script beside it can reorder (FSI and PDI, UAX 9). */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

/** What an area is called on the map: isolated, so that no script reorders its neighbours. */
export function labelOf({ notice, volume }: Stand, conflict: boolean, ...notes: string[]): string {
  const name = notice.label || `…${notice.handle}`;
  const first = isolated(`${conflict ? '▲ ' : ''}${name}`);
  return [first, `\u2066${band(volume.band)}\u2069`, ...notes.filter(Boolean).map(isolated)].join('\n');
}

/** `1204Z`, kept whole in text that runs right to left. */
export const at = (instant: number): string => `\u2066${hhmm(instant)}\u2069`;

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
