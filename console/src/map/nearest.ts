// Nearest: which drawn points lie about a point of the map.

import type Feature from 'ol/Feature';
import type { Coordinate } from 'ol/coordinate';
import type Point from 'ol/geom/Point';
import type VectorSource from 'ol/source/Vector';

/** The features of a source within `reach` of a point, the nearest first. */
export function nearest(
  source: VectorSource<Feature<Point>>, [x = 0, y = 0]: Coordinate, reach: number,
): Feature<Point>[] {
  const far = (feature: Feature<Point>): number => {
    const [fx = 0, fy = 0] = feature.getGeometry()?.getCoordinates() ?? [];
    return Math.hypot(fx - x, fy - y);
  };
  return source
    .getFeaturesInExtent([x - reach, y - reach, x + reach, y + reach])
    .filter((feature) => far(feature) <= reach)
    .sort((a, b) => far(a) - far(b));
}
