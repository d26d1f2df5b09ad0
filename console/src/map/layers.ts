// Layers: a deployment's own GeoJSON, from the node. Each stands or falls alone: one that cannot
// be read is named, and the others are shown. They are looked at, and never enter a check.

import type Feature from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type Geometry from 'ol/geom/Geometry';
import VectorLayer from 'ol/layer/Vector';
import VectorSource from 'ol/source/Vector';
import { Circle as Dot, Fill, Stroke, Style } from 'ol/style';
import { get } from '../lib/api';
import { loadFontsOf } from '../lib/fonts';
import { isolated, SMALL_FONT, text, type Colours } from './styles';

const ABOVE_BASE = 5;
const LABELS_BELOW = 900; // m a pixel.

export interface OwnLayer {
  name: string;
  /** Null if its file cannot be read. */
  layer: VectorLayer | null;
}

/** Every layer that the node has; an empty list if it cannot be asked. */
export async function ownLayers(): Promise<OwnLayer[]> {
  try {
    const { names } = await get<{ names: string[] }>('layers');
    return await Promise.all(names.map(async (name) => ({ name, layer: await one(name) })));
  } catch {
    return []; // The header says already that the node is not heard.
  }
}

/** Draw a layer in the theme's colours. */
export function restyleOwn({ layer }: OwnLayer, hue: Colours): void {
  const plain = looks(hue);
  layer?.setStyle((feature, resolution) => {
    const name: unknown = feature.get('name');
    if (typeof name !== 'string' || !name || resolution > LABELS_BELOW) return plain;
    const named = looks(hue);
    named.setText(text(isolated(name.slice(0, 60)), hue.quiet, hue.base, SMALL_FONT));
    named.getText()?.setOffsetY(feature.getGeometry()?.getType() === 'Point' ? 12 : 0);
    return named;
  });
}

async function one(name: string): Promise<VectorLayer | null> {
  try {
    const format = new GeoJSON({ featureProjection: 'EPSG:3857' });
    // Its type is GeoJSON's own, which the API's reader of JSON does not take.
    const answer = await fetch(`/api/v1/layers/${encodeURIComponent(name)}`, { credentials: 'same-origin' });
    if (!answer.ok) return null;
    const features = format.readFeatures(await answer.json()) as Feature<Geometry>[];
    if (features.some((feature) => !feature.getGeometry()?.getExtent().every(Number.isFinite))) return null;
    for (const feature of features) void loadFontsOf(String(feature.get('name') ?? ''));
    return new VectorLayer({ source: new VectorSource({ features }), zIndex: ABOVE_BASE });
  } catch {
    return null;
  }
}

function looks(hue: Colours): Style {
  const stroke = new Stroke({ color: hue.quiet, width: 1.2, lineDash: [1, 3] });
  const fill = new Fill({ color: 'rgba(0,0,0,0)' });
  return new Style({ stroke, fill, image: new Dot({ radius: 3, fill: new Fill({ color: hue.quiet }) }) });
}
