// The layer of our own tracks: an arrow for what flies, a keel for what sails, a square for what
// drives, each along its course and fainter as its report grows old. None has a side's colour:
// whose it is nobody knows but where we said that it is ours. What is alarmed stands out.

import Feature from 'ol/Feature';
import type { Coordinate } from 'ol/coordinate';
import Point from 'ol/geom/Point';
import VectorLayer from 'ol/layer/Vector';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import { Icon, Style } from 'ol/style';
import { aged } from '../lib/tracks.svelte';
import { level } from '../lib/say';
import type { Track } from '../lib/types';
import { nearest } from './nearest';
import { lonLat } from './shapes';
import { isolated, SMALL_FONT, text, type Colours } from './styles';
import { outlined } from './symbols';

/** Each in a square of 16, pointing north. */
const PATHS: Record<string, string> = {
  air: 'M8 1 13 14 8 11 3 14Z',
  sea: 'M8 1 12 7V14H4V7Z',
  land: 'M3.5 3.5H12.5V12.5H3.5Z',
};
const NO_COURSE = 'M8 3A5 5 0 1 0 8.01 3ZM8 6A2 2 0 1 1 7.99 6Z';
const SCALE = 2;
const REACH_PX = 14;
const LABELS_BELOW = 350; // m a pixel
const MOST_LABELS = 80;
const TURN_DEG = 10;
/** How much is seen of a track whose report is so old, ms; beyond, and when it is stale, less. */
const FADES: [number, number][] = [[10_000, 1], [30_000, 0.8], [120_000, 0.6]];
const FAINT = 0.4;

interface Look { kind: string; ours: boolean; alarmed: boolean; fade: number; turn: number | null }

export class TrackLayer {
  readonly source = new VectorSource<Feature<Point>>();
  readonly layer = new VectorLayer({ source: this.source, zIndex: 16 });
  #features = new Map<string, Feature<Point>>();
  #images = new Map<string, HTMLCanvasElement>();
  #styles = new Map<string, Style>();
  #hue: Colours | undefined;

  /** Show these tracks as of a time; `alarmed` are the ids of those that an alarm is about. */
  put(all: Map<string, Track>, alarmed: Set<string>, now: number, hue: Colours): void {
    if (this.#hue?.ink !== hue.ink || this.#hue.bad !== hue.bad) {
      this.#images.clear();
      this.#styles.clear();
    }
    this.#hue = hue;
    for (const [id, feature] of this.#features) {
      if (all.has(id)) continue;
      this.source.removeFeature(feature);
      this.#features.delete(id);
    }
    const made: Feature<Point>[] = [];
    for (const track of all.values()) {
      const known = this.#features.get(track.id);
      const feature = known ?? new Feature(new Point([0, 0]));
      if (feature.get('track') !== track) {
        feature.getGeometry()?.setCoordinates(fromLonLat(lonLat(track.at)));
        feature.set('track', track, true);
      }
      const look = lookOf(track, alarmed.has(track.id), now);
      const key = `${look.kind}${look.ours}${look.alarmed}${look.fade}${look.turn}`;
      if (feature.get('look') !== key) {
        feature.set('look', key, true);
        const plain = this.#style(key, look, hue);
        feature.setStyle((_, resolution) => {
          const labelled = look.alarmed || (resolution < LABELS_BELOW && this.#features.size <= MOST_LABELS);
          return labelled ? [plain, this.#label(feature, look, hue)] : plain;
        });
      }
      if (!known) {
        this.#features.set(track.id, feature);
        made.push(feature);
      }
    }
    this.source.addFeatures(made);
    this.source.changed(); // Ages stand in labels.
    this.#now = now;
  }

  #now = 0;

  /** The tracks at a point, the nearest first. */
  at(point: Coordinate, resolution: number): Track[] {
    if (!this.layer.getVisible()) return [];
    return nearest(this.source, point, REACH_PX * resolution).map((feature) => feature.get('track') as Track);
  }

  #style(key: string, look: Look, hue: Colours): Style {
    const known = this.#styles.get(key);
    if (known) return known;
    const colour = look.alarmed ? hue.bad : look.ours ? hue.own : hue.ink;
    const name = `${look.kind}${look.turn === null} ${colour}`;
    const img = this.#images.get(name) ?? drawn(look.turn === null && look.kind !== 'land' ? NO_COURSE : PATHS[look.kind] ?? NO_COURSE, colour, hue.base);
    this.#images.set(name, img);
    const style = new Style({
      image: new Icon({
        img, scale: 1 / SCALE, opacity: look.fade,
        rotation: ((look.turn ?? 0) * Math.PI) / 180, rotateWithView: true, declutterMode: 'none',
      }),
      zIndex: look.alarmed ? 2 : 1,
    });
    this.#styles.set(key, style);
    return style;
  }

  #label(feature: Feature<Point>, look: Look, hue: Colours): Style {
    const track = feature.get('track') as Track;
    const age = aged(Math.max(0, this.#now - Date.parse(track.reported_at)));
    const lines = [track.name || track.key, `${level(track.level)} · ${track.receiver} · ${age}`];
    const style = new Style({
      text: text(lines.map(isolated).join('\n'), look.alarmed ? hue.bad : hue.ink, hue.base, SMALL_FONT),
      zIndex: 3,
    });
    // Beside it: what is above and below belongs to the areas.
    style.getText()?.setTextAlign('left');
    style.getText()?.setOffsetX(13);
    return style;
  }
}

function lookOf(track: Track, alarmed: boolean, now: number): Look {
  const age = now - Date.parse(track.reported_at);
  const fade = track.stale ? FAINT : (FADES.find(([until]) => age < until)?.[1] ?? FAINT);
  const turn = track.course_cdeg === null ? null : Math.round(track.course_cdeg / 100 / TURN_DEG) * TURN_DEG % 360;
  return { kind: track.kind, ours: track.notice !== '', alarmed, fade, turn };
}

function drawn(path: string, colour: string, halo: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 20 * SCALE;
  const pen = canvas.getContext('2d');
  if (!pen) return canvas;
  pen.scale(SCALE, SCALE);
  pen.translate(2, 2);
  outlined(pen, path, colour, halo);
  return canvas;
}
