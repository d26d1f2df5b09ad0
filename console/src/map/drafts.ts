// Drafts: shapes that are not anybody's notice yet: what is being typed, what the other side would
// see of it, and what it would meet. Each by its own line, over all areas.

import Feature from 'ol/Feature';
import Polygon from 'ol/geom/Polygon';
import VectorLayer from 'ol/layer/Vector';
import { fromLonLat } from 'ol/proj';
import VectorSource from 'ol/source/Vector';
import { Stroke, Style } from 'ol/style';
import { hhmm, ms } from '../lib/clock.svelte';
import type { Overlay } from '../lib/desk.svelte';
import { rings } from './shapes';
import { SMALL_FONT, text, type Colours } from './styles';

type Drawn = Overlay['drawn'];

export class Drafts {
  readonly source = new VectorSource();
  readonly layer = new VectorLayer({ source: this.source, zIndex: 15, declutter: 'drafts' });

  put(overlay: Overlay | null, hue: Colours): void {
    this.source.clear(true);
    if (!overlay) return;
    this.#add(overlay.seen, { color: hue.shift, lineDash: [2, 4], width: 3 });
    this.#add(overlay.drawn, { color: hue.own, lineDash: [], width: 2.5 }, hue);
    this.#add(overlay.conflicts, { color: hue.bad, lineDash: [10, 4], width: 4 });
  }

  /** With `hue`, each of several areas says when it is open: of a transit they follow each other. */
  #add(volumes: Drawn, line: { color: string; lineDash: number[]; width: number }, hue?: Colours): void {
    const stroke = new Stroke(line);
    const timed = hue && new Set(volumes.map((each) => each.window?.start)).size > 1;
    for (const { outline, window } of volumes) {
      const ring = rings(outline).map((each) => each.map((point) => fromLonLat(point)));
      const shape = new Feature(new Polygon(ring));
      const style = new Style({ stroke });
      if (timed && window) {
        const open = `${hhmm(ms(window.start))}–${hhmm(ms(window.end))}`;
        style.setText(text(open, hue.own, hue.base, SMALL_FONT));
      }
      shape.setStyle(style);
      this.source.addFeature(shape);
    }
  }
}
