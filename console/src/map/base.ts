// Base: land, borders and places, all from files of the page itself: no tile server, no
// network. Borders are dashed, can be switched off, and mean nothing to any check.

import Feature from 'ol/Feature';
import Point from 'ol/geom/Point';
import VectorLayer from 'ol/layer/Vector';
import VectorTileLayer from 'ol/layer/VectorTile';
import type Projection from 'ol/proj/Projection';
import { fromLonLat } from 'ol/proj';
import RenderFeature from 'ol/render/Feature';
import VectorSource from 'ol/source/Vector';
import VectorTileSource from 'ol/source/VectorTile';
import { Circle as Dot, Fill, Stroke, Style, Text } from 'ol/style';
import geojsonvt from 'geojson-vt';
import { feature as fromTopology, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import landUrl from 'world-atlas/land-10m.json?url';
import countriesUrl from 'world-atlas/countries-10m.json?url';
import placesUrl from '../../generated/places.json?url';
import { SMALL_FONT, type Colours } from './styles';

const TILE = 4_096;
const MAX_ZOOM = 12;
/** Places of each tier are shown from this many metres a pixel on. */
const TIERS_BELOW = [4_000, 900, 220];
const AIRFIELDS_BELOW = 300;

export interface Base {
  land: VectorTileLayer;
  borders: VectorTileLayer;
  places: VectorLayer;
  airfields: VectorLayer;
  restyle: (hue: Colours) => void;
}

/** `[name, lon, lat]` by tier of size, and `[code, name, lon, lat]`. */
interface Places {
  cities: [string, number, number][][];
  airfields: [string, string, number, number][];
}

async function file<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}

/** The base map's layers; land first, so that something is there at once. */
export async function baseLayers(hue: Colours): Promise<Base> {
  const world = await file<Topology<{ land: GeometryCollection }>>(landUrl);
  const land = tiled(fromTopology(world, world.objects.land));
  const borders = tiled({ type: 'FeatureCollection', features: [] });
  const cities = new VectorSource<Feature<Point>>();
  const fields = new VectorSource<Feature<Point>>();
  const places = new VectorLayer({ source: cities, declutter: true });
  const airfields = new VectorLayer({ source: fields, declutter: true });
  const base = { land, borders, places, airfields, restyle };
  function restyle(now: Colours): void {
    land.setStyle(new Style({ fill: new Fill({ color: now.land }), stroke: new Stroke({ color: now.shore, width: 1 }) }));
    borders.setStyle(new Style({ stroke: new Stroke({ color: now.border, width: 1, lineDash: [4, 4] }) }));
    places.setStyle((feature, resolution) =>
      resolution < (TIERS_BELOW[feature.get('tier') as number] ?? 0)
        ? named(feature.get('name') as string, now, 2) : undefined);
    airfields.setStyle((feature, resolution) =>
      resolution < AIRFIELDS_BELOW ? named(`✈ ${feature.get('name') as string}`, now, 0) : undefined);
  }
  restyle(hue);
  void file<Topology<{ countries: GeometryCollection }>>(countriesUrl).then((topology) => {
    const inner = mesh(topology, topology.objects.countries, (a, b) => a !== b);
    borders.setSource(tiles({ type: 'Feature', properties: {}, geometry: inner }));
  }).catch(missing);
  void file<Places>(placesUrl).then((found) => {
    found.cities.forEach((tier, n) =>
      cities.addFeatures(tier.map(([name, lon, lat]) => point({ name, tier: n }, lon, lat))));
    fields.addFeatures(found.airfields.map(([, name, lon, lat]) => point({ name }, lon, lat)));
  }).catch(missing);
  return base;
}

/** A piece of the base map that cannot be had leaves the map without it, and nothing else. */
function missing(): void {
  // The header says already that the node is not heard.
}

function point(values: Record<string, unknown>, lon: number, lat: number): Feature<Point> {
  const made = new Feature(new Point(fromLonLat([lon, lat])));
  made.setProperties(values, true);
  return made;
}

function named(name: string, hue: Colours, dot: number): Style {
  const style = new Style({
    text: new Text({
      text: `\u2068${name}\u2069`, font: SMALL_FONT, offsetY: dot ? -9 : 0,
      fill: new Fill({ color: hue.quiet }), stroke: new Stroke({ color: hue.base, width: 2 }),
    }),
  });
  if (dot) style.setImage(new Dot({ radius: dot, fill: new Fill({ color: hue.quiet }) }));
  return style;
}

type Cuttable = Parameters<typeof geojsonvt>[0];

function tiled(data: Cuttable): VectorTileLayer {
  return new VectorTileLayer({ source: tiles(data), renderMode: 'hybrid' });
}

/** A source that cuts one shape into tiles where it is looked at. */
function tiles(data: Cuttable): VectorTileSource {
  // Nothing is cut before it is looked at: the whole world, cut at once, held every page up.
  const cut = geojsonvt(data, { extent: TILE, maxZoom: MAX_ZOOM, indexMaxZoom: 0, tolerance: 2, buffer: 64 });
  return new VectorTileSource({
    maxZoom: MAX_ZOOM,
    tileUrlFunction: (coordinate) => JSON.stringify(coordinate),
    tileLoadFunction: (tile, url) => {
      const made = tile as unknown as {
        setLoader: (load: (extent: number[], resolution: number, projection: Projection) => void) => void;
        setFeatures: (features: unknown[]) => void;
        setProjection?: (projection: Projection) => void;
      };
      made.setLoader((extent) => {
        const [z, x, y] = JSON.parse(url) as [number, number, number];
        const found = cut.getTile(z, x, y)?.features ?? [];
        made.setFeatures(found.map((each) => rendered(each as unknown as Cut, extent)));
      });
    },
    projection: 'EPSG:3857',
    wrapX: true,
  });
}

interface Cut {
  type: 1 | 2 | 3;
  geometry: [number, number][][];
}

/** A piece of a tile, in the map's own coordinates. */
function rendered(cut: Cut, extent: number[]): RenderFeature {
  const [west = 0, south = 0, east = 0, north = 0] = extent;
  const scale = (east - west) / TILE;
  const flat: number[] = [];
  const ends: number[] = [];
  for (const line of cut.geometry) {
    for (const [x, y] of line) flat.push(west + x * scale, north - y * ((north - south) / TILE));
    ends.push(flat.length);
  }
  const kind = cut.type === 3 ? 'Polygon' : 'MultiLineString';
  return new RenderFeature(kind, flat, ends, 2, {}, undefined);
}
