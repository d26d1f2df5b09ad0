// Picker: a place or a shape taken from the map, by pointer or by keyboard (the cross in the
// middle and Enter). It draws what is picked so far and hands over positions, nothing else.

import Feature from 'ol/Feature';
import type { Coordinate } from 'ol/coordinate';
import LineString from 'ol/geom/LineString';
import Point from 'ol/geom/Point';
import Polygon from 'ol/geom/Polygon';
import VectorLayer from 'ol/layer/Vector';
import { toLonLat, fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import { Circle as Dot, Fill, Stroke, Style } from 'ol/style';
import type { Picking } from '../lib/desk.svelte';
import { between } from './measure';
import { from, position, type LonLat } from './shapes';

export class Picker {
  readonly source = new VectorSource();
  readonly layer = new VectorLayer({ source: this.source, zIndex: 20 });
  #points: LonLat[] = [];
  #picking: Picking | null = null;

  begin(picking: Picking | null, colour: string): void {
    this.#picking = picking;
    this.#points = [];
    this.source.clear();
    this.layer.setStyle(new Style({
      stroke: new Stroke({ color: colour, width: 2.5 }),
      fill: new Fill({ color: 'rgba(255,255,255,0.08)' }),
      image: new Dot({ radius: 5, fill: new Fill({ color: colour }) }),
    }));
  }

  get active(): boolean {
    return this.#picking !== null;
  }

  /** Take a point; a point alone and the second of a circle are done at once. */
  take(at: Coordinate): void {
    const picking = this.#picking;
    if (!picking) return;
    this.#points.push(toLonLat(at) as LonLat);
    const [first, second] = this.#points;
    if (picking.mode === 'point' && first) picking.done([position(first)], null);
    else if (picking.mode === 'circle' && first && second) {
      const radius_cm = Math.max(100, Math.round(between(first, second).metres * 100));
      picking.done([position(first)], radius_cm);
    } else this.draw();
  }

  /** Finish a polygon or a corridor; returns whether there was enough of it. A last point that is
   * no further than `apart` (m of the map) from the one before is the same one, clicked twice. */
  finish(apart = 0): boolean {
    const picking = this.#picking;
    const least = picking?.mode === 'polygon' ? 3 : 2;
    if (!picking || picking.mode === 'point' || picking.mode === 'circle') return false;
    const [[x = 0, y = 0] = [], [lastX = 0, lastY = 0] = []] = this.#points.slice(-2).map((each) => fromLonLat(each));
    if (this.#points.length > 1 && Math.hypot(x - lastX, y - lastY) <= apart) this.#points.pop();
    if (this.#points.length < least) return false;
    picking.done(this.#points.map(position), null);
    return true;
  }

  /** Take back the last point. */
  undo(): void {
    this.#points.pop();
    this.draw();
  }

  /** Draw what is picked so far, with the pointer as its next point. */
  draw(pointer?: Coordinate): void {
    this.source.clear(true);
    const points = pointer ? [...this.#points, toLonLat(pointer) as LonLat] : this.#points;
    const first = points[0];
    if (!first || !this.#picking) return;
    const map = points.map((each) => fromLonLat(each));
    this.source.addFeatures(map.map((each) => new Feature(new Point(each))));
    const second = points[1];
    if (this.#picking.mode === 'circle' && second) {
      const metres = between(first, second).metres;
      const ring = Array.from({ length: 65 }, (_, n) => fromLonLat(from(first, (Math.PI * n) / 32, metres)));
      this.source.addFeature(new Feature(new Polygon([ring])));
    } else if (this.#picking.mode === 'polygon' && map.length > 2) {
      this.source.addFeature(new Feature(new Polygon([map])));
    } else if (map.length > 1) this.source.addFeature(new Feature(new LineString(map)));
  }
}
