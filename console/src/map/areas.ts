// Areas: the notices on the map. Only what comes and goes is touched, so that the time bar can
// be dragged; a shape is made when it is first shown; and what is under the pointer is drawn
// over the others, so that looking along a list redraws none of ten thousand.

import Feature from 'ol/Feature';
import type { Coordinate } from 'ol/coordinate';
import Polygon from 'ol/geom/Polygon';
import VectorImageLayer from 'ol/layer/VectorImage';
import VectorLayer from 'ol/layer/Vector';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import type { Altitude, NoticeItem } from '../lib/types';
import { open, stands, type Stand } from './history';
import { rings } from './shapes';
import { areaStyle, colours, forget, type Colours, type Shown } from './styles';

const LABELS_BELOW = 400; // m a pixel: further out, labels would only lie on each other.
const FEW = 60; // So few areas are always labelled.

export interface Filters {
  air: boolean;
  surface: boolean;
  depth: boolean;
  /** In hundreds of feet; what cannot be compared with them is always shown. */
  lowest: number;
  highest: number;
  mine: boolean;
  theirs: boolean;
}

export const HIGHEST = 600;
export const EVERYTHING: Filters = {
  air: true, surface: true, depth: true, lowest: 0, highest: HIGHEST, mine: true, theirs: true,
};

/** What is on the map, and what is not though it is open: an officer must be told. */
export interface Count {
  shown: number;
  hidden: number;
  /** Shown in a shape that they were given only after the time that is shown. */
  revised: number;
}

type Shape = Feature<Polygon>;

interface Area extends Stand {
  shape: Shape | null;
}

/** What the map says of an area, beside its shape; the label is made only if it is drawn. */
export type Describe = (stand: Stand) => Omit<Shown, 'mine' | 'picked'>;

export class Areas {
  readonly source = new VectorSource<Shape>({ overlaps: true, wrapX: true });
  readonly layer: VectorImageLayer<VectorSource<Shape>>;
  readonly over = new VectorSource<Shape>();
  readonly overLayer: VectorLayer<VectorSource<Shape>>;
  #known = new Map<string, { notice: NoticeItem; areas: Area[] }>();
  #replayed: Area[] | null = null;
  #on = new Set<Shape>();
  #picked: string[] = [];
  #hue: Colours = colours();

  constructor(describe: Describe) {
    const look = (area: Area, picked: boolean, labels: boolean) =>
      areaStyle({ mine: area.notice.mine, picked, ...describe(area) }, this.#hue, labels);
    this.layer = new VectorImageLayer({
      source: this.source,
      imageRatio: 1.25,
      declutter: false,
      style: (feature, resolution) =>
        look(feature.get('area') as Area, false, resolution < LABELS_BELOW || this.#on.size <= FEW),
    });
    this.overLayer = new VectorLayer({
      source: this.over,
      style: (feature) => look(feature.get('area') as Area, true, true),
    });
  }

  /** Take in the notices as they are now; what has not changed keeps its shape. */
  put(notices: Map<string, NoticeItem>): void {
    for (const id of this.#known.keys()) if (!notices.has(id)) this.#known.delete(id);
    for (const notice of notices.values()) {
      const known = this.#known.get(notice.id);
      if (known?.notice === notice) continue;
      const areas = stands(notice).map((stand) => ({ ...stand, shape: null }));
      if (known?.notice.revision === notice.revision) known.areas.forEach((area, n) => keep(area, areas[n]));
      this.#known.set(notice.id, { notice, areas });
    }
  }

  /** Show these alone, as they stood, instead of what is known; null: what is known again. */
  replay(stood: Stand[] | null): void {
    this.#replayed = stood?.map((stand) => ({ ...stand, shape: null })) ?? null;
  }

  /** Show what is open at `at` (ms since the epoch) and passes the filters. */
  show(at: number, live: boolean, filters: Filters): Count {
    const wanted = new Set<Shape>();
    const count: Count = { shown: 0, hidden: 0, revised: 0 };
    for (const area of this.#all()) {
      if (!open(area, at, live && !this.#replayed)) continue;
      if (passes(area, filters)) {
        wanted.add((area.shape ??= shapeOf(area)));
        if (at < area.revised) count.revised++;
      } else count.hidden++;
    }
    const gone = [...this.#on].filter((shape) => !wanted.has(shape));
    const come = [...wanted].filter((shape) => !this.#on.has(shape));
    const few = this.#on.size <= FEW !== wanted.size <= FEW;
    this.#on = wanted;
    if (gone.length + come.length > 0) {
      if (gone.length > wanted.size / 2) {
        this.source.clear(true);
        this.source.addFeatures([...wanted]);
      } else {
        this.source.removeFeatures(gone);
        this.source.addFeatures(come);
      }
      if (few) this.layer.changed();
      this.#draw();
    }
    count.shown = wanted.size;
    return count;
  }

  /** Draw these notices over the others. */
  pick(ids: string[]): void {
    this.#picked = ids;
    this.#draw();
  }

  /** Draw everything again, as things are now; with `theme` in other colours or other fonts. */
  restyle(theme = false): void {
    if (theme) {
      forget();
      this.#hue = colours();
    }
    this.layer.changed();
    this.overLayer.changed();
  }

  /** The notices at a point of the map, the smallest first. */
  at(point: Coordinate): NoticeItem[] {
    const found = this.source
      .getFeaturesAtCoordinate(point)
      .sort((a, b) => (a.getGeometry()?.getArea() ?? 0) - (b.getGeometry()?.getArea() ?? 0))
      .map((shape) => (shape.get('area') as Area).notice);
    return [...new Map(found.map((notice) => [notice.id, notice])).values()];
  }

  *#all(): Iterable<Area> {
    if (this.#replayed) yield* this.#replayed;
    else for (const { areas } of this.#known.values()) yield* areas;
  }

  #draw(): void {
    const areas = this.#picked.flatMap((id) =>
      this.#replayed?.filter((area) => area.notice.id === id) ?? this.#known.get(id)?.areas ?? [],
    );
    const shapes = areas.map((area) => area.shape).filter((shape) => shape !== null && this.#on.has(shape));
    if (!shapes.length && !this.over.getFeatures().length) return;
    this.over.clear(true);
    this.over.addFeatures(shapes as Shape[]);
  }
}

/** Let an area of a changed notice have the shape that it had, if it is the same one. */
function keep(before: Area, after: Area | undefined): void {
  if (!after || !before.shape) return;
  after.shape = before.shape;
  after.shape.set('area', after, true);
}

function shapeOf(area: Area): Shape {
  const drawn = rings(area.volume.outline).map((ring) => ring.map((point) => fromLonLat(point)));
  const shape = new Feature(new Polygon(drawn));
  shape.set('area', area, true);
  return shape;
}

function passes({ notice, volume }: Stand, filters: Filters): boolean {
  if (notice.mine ? !filters.mine : !filters.theirs) return false;
  const { lower, upper } = volume.band;
  const below = lower.datum === 'depth' && lower.value_cm > 0;
  const surface = upper.datum === 'surface' || lower.datum === 'surface';
  const air = upper.datum !== 'surface' && upper.datum !== 'depth';
  if (!((air && filters.air) || (surface && filters.surface) || (below && filters.depth))) return false;
  const [low, high] = [hundreds(lower), hundreds(upper)];
  // The ends of the scale stand for whatever lies beyond them.
  const under = filters.highest < HIGHEST && low !== null && low > filters.highest;
  const over = filters.lowest > 0 && high !== null && high < filters.lowest;
  return !under && !over;
}

/** Hundreds of feet, by whatever datum: for looking, not for separation. Null if below ground. */
function hundreds(level: Altitude): number | null {
  return level.datum === 'depth' ? null : level.value_cm / 3_048;
}
