// Marks: points on the map that are not areas: the place of a call, the place of a conflict, an
// anchor. A call is its precedence's shape in a ring, a conflict the shape of its urgency. No
// filter hides them.

import Feature from 'ol/Feature';
import type { Coordinate } from 'ol/coordinate';
import Point from 'ol/geom/Point';
import VectorLayer from 'ol/layer/Vector';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import { Circle as Dot, Fill, Style } from 'ol/style';
import type { Position, Precedence } from '../lib/types';
import { nearest } from './nearest';
import { lonLat } from './shapes';
import { isolated, SMALL_FONT, text, type Colours } from './styles';
import { icon } from './symbols';

export interface Mark {
  what: 'call' | 'conflict' | 'anchor';
  id: string;
  /** What stands beside it. */
  name: string;
  place: Position;
  urgency: Precedence;
}

const REACH_PX = 16; // As near as a finger, or the cross, comes.
const LABELS_BELOW = 1_500; // m a pixel: further out, the labels of many would lie on each other.
const FEW = 12;

export class Marks {
  readonly source = new VectorSource<Feature<Point>>();
  readonly layer = new VectorLayer({ source: this.source, zIndex: 18 });

  put(marks: Mark[], hue: Colours): void {
    this.source.clear(true);
    this.source.addFeatures(marks.map((mark) => {
      const feature = new Feature(new Point(fromLonLat(lonLat(mark.place))));
      feature.set('mark', mark, true);
      const [plain, labelled] = [looks(mark, hue, false), looks(mark, hue, true)];
      feature.setStyle((_, resolution) =>
        resolution < LABELS_BELOW || marks.length <= FEW ? labelled : plain);
      return feature;
    }));
  }

  /** The marks at a point, the nearest first. */
  at(point: Coordinate, resolution: number): Mark[] {
    return nearest(this.source, point, REACH_PX * resolution).map((feature) => feature.get('mark') as Mark);
  }
}

function looks(mark: Mark, hue: Colours, labelled: boolean): Style {
  if (mark.what === 'anchor') {
    const style = new Style({ image: new Dot({ radius: 4, fill: new Fill({ color: hue.quiet }) }), zIndex: 1 });
    if (labelled) style.setText(text(isolated(mark.name), hue.quiet, hue.base, SMALL_FONT));
    style.getText()?.setOffsetY(13);
    return style;
  }
  const call = mark.what === 'call';
  const style = new Style({ image: icon(mark.urgency, hue.bad, hue.base, 0, call), zIndex: call ? 3 : 2 });
  if (labelled || call) style.setText(text(isolated(mark.name), hue.bad, hue.base));
  style.getText()?.setOffsetY(call ? -22 : 18);
  return style;
}
