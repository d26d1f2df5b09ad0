// Areas: the notices on the map. Which of ten thousand are shown at a time is found in two
// sorted lists, and only what comes and goes is touched, so that the time bar can be dragged.

import Feature from 'ol/Feature';
import type { Coordinate } from 'ol/coordinate';
import Polygon from 'ol/geom/Polygon';
import VectorImageLayer from 'ol/layer/VectorImage';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import type { Altitude, NoticeItem, Volume } from '../lib/types';
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

export const EVERYTHING: Filters = {
  air: true, surface: true, depth: true, lowest: 0, highest: 600, mine: true, theirs: true,
};

interface Area {
  feature: Feature<Polygon>;
  notice: NoticeItem;
  volume: Volume;
  start: number;
  end: number;
}

export class Areas {
  readonly source = new VectorSource<Feature<Polygon>>({ overlaps: true, wrapX: true });
  readonly layer: VectorImageLayer<VectorSource<Feature<Polygon>>>;
  #known = new Map<string, { notice: NoticeItem; areas: Area[] }>();
  #on = new Set<Feature<Polygon>>();
  #hue: Colours = colours();
  #describe: (notice: NoticeItem) => Omit<Shown, 'mine'>;

  constructor(describe: (notice: NoticeItem) => Omit<Shown, 'mine'>) {
    this.#describe = describe;
    this.layer = new VectorImageLayer({
      source: this.source,
      imageRatio: 1.25,
      declutter: false,
      style: (feature, resolution) => {
        const notice = feature.get('notice') as NoticeItem;
        const shown = { mine: notice.mine, ...this.#describe(notice) };
        const labels = resolution < LABELS_BELOW || this.#on.size <= FEW;
        return areaStyle(shown, this.#hue, labels || shown.picked || shown.conflict);
      },
    });
  }

  /** Take in the notices as they are now; what has not changed keeps its geometry. */
  put(notices: Map<string, NoticeItem>): void {
    for (const id of [...this.#known.keys()]) {
      if (notices.get(id)?.state !== 'active') this.#known.delete(id);
    }
    for (const notice of notices.values()) {
      if (notice.state !== 'active') continue;
      const known = this.#known.get(notice.id);
      if (known?.notice === notice) continue;
      if (known && known.notice.revision === notice.revision) {
        for (const area of known.areas) {
          area.notice = notice;
          area.feature.set('notice', notice, true);
        }
        known.notice = notice;
        continue;
      }
      this.#known.set(notice.id, { notice, areas: notice.volumes.map((v) => area(notice, v)) });
    }
  }

  /** Show what is open at `at` (ms since the epoch) and passes the filters; return how many. */
  show(at: number, filters: Filters): number {
    const wanted = new Set<Feature<Polygon>>();
    for (const { areas } of this.#known.values()) {
      for (const each of areas) {
        if (each.start <= at && at <= each.end && passes(each, filters)) wanted.add(each.feature);
      }
    }
    const gone = [...this.#on].filter((feature) => !wanted.has(feature));
    const come = [...wanted].filter((feature) => !this.#on.has(feature));
    if (gone.length + come.length > 0) {
      if (gone.length > this.#on.size / 2) {
        this.source.clear(true);
        this.source.addFeatures([...wanted]);
      } else {
        this.source.removeFeatures(gone);
        this.source.addFeatures(come);
      }
    }
    this.#on = wanted;
    return wanted.size;
  }

  /** Draw everything again, in the colours of the theme and as things are now. */
  restyle(theme = false): void {
    if (theme) {
      forget();
      this.#hue = colours();
    }
    this.layer.changed();
    this.source.changed();
  }

  /** The notices at a point of the map, the smallest first. */
  at(point: Coordinate): NoticeItem[] {
    return this.source
      .getFeaturesAtCoordinate(point)
      .sort((a, b) => (a.getGeometry()?.getArea() ?? 0) - (b.getGeometry()?.getArea() ?? 0))
      .map((feature) => feature.get('notice') as NoticeItem);
  }
}

function area(notice: NoticeItem, volume: Volume): Area {
  const shape = rings(volume.outline).map((ring) => ring.map((point) => fromLonLat(point)));
  const feature = new Feature(new Polygon(shape));
  feature.set('notice', notice, true);
  return {
    feature, notice, volume,
    start: Date.parse(volume.window.start), end: Date.parse(volume.window.end),
  };
}

function passes({ notice, volume }: Area, filters: Filters): boolean {
  if (notice.mine ? !filters.mine : !filters.theirs) return false;
  const { lower, upper } = volume.band;
  const below = lower.datum === 'depth' && lower.value_cm > 0;
  const surface = upper.datum === 'surface' || lower.datum === 'surface';
  const air = upper.datum !== 'surface' && upper.datum !== 'depth';
  if (!((air && filters.air) || (surface && filters.surface) || (below && filters.depth))) return false;
  const [low, high] = [hundreds(lower), hundreds(upper)];
  return (high === null || high >= filters.lowest) && (low === null || low <= filters.highest);
}

/** Hundreds of feet, by whatever datum: for looking, not for separation. Null if below ground. */
function hundreds(level: Altitude): number | null {
  return level.datum === 'depth' ? null : level.value_cm / 3_048;
}
