// Manifest: what the exporter says is in a bundle, and the keys of both parties. Neither is signed:
// the manifest lets a lost file be noticed, and the keys are worth what their fingerprints are.
// Source: the protocol's page 2, "File".

import { same, Wrong } from './bytes';
import { hasExactly, isObject, readCanonical, type Json, type JsonObject } from './canonical';
import { isId, isInstant } from './entry';
import { keysFor, keysOf, readVkeys, type PartyKeys, type Vkeys } from './keys';

export interface Feed {
  party: string;
  receipts: number;
  size: number;
}

export interface Manifest {
  exportedBy: string;
  feeds: Feed[];
  format: string;
  forks: number;
  link: string;
  terms: number;
}

const FORMAT = 'clearline-bundle@v1';
const FIELDS = ['exported_at', 'exported_by', 'feeds', 'format', 'forks', 'link', 'terms'];

/** The manifest that these bytes are; Wrong if they are not canonical or of another shape. */
export function readManifest(raw: Uint8Array): Manifest {
  const value = objectOf(raw);
  const { exported_at, exported_by, feeds, format, forks, link, terms } = value;
  if (
    !hasExactly(value, FIELDS) || !isInstant(exported_at) || !Array.isArray(feeds) ||
    typeof exported_by !== 'string' || typeof format !== 'string' || !isId(link) ||
    typeof forks !== 'number' || typeof terms !== 'number'
  ) {
    throw new Wrong('malformed', 'not the fields of a manifest');
  }
  return { exportedBy: exported_by, feeds: feeds.map(readFeed), format, forks, link, terms };
}

function readFeed(value: Json): Feed {
  if (!isObject(value) || !hasExactly(value, ['party', 'receipts', 'size'])) {
    throw new Wrong('malformed', 'not the fields of a feed');
  }
  const { party, receipts, size } = value;
  if (typeof party !== 'string' || typeof receipts !== 'number' || typeof size !== 'number') {
    throw new Wrong('malformed', 'not the fields of a feed');
  }
  return { party, receipts, size };
}

/** The vkeys by party; Wrong if the bytes are not canonical or of another shape. */
export function readKeyFile(raw: Uint8Array): Map<string, Vkeys> {
  return new Map(Object.entries(objectOf(raw)).map(([party, keys]) => [party, readVkeys(keys)]));
}

/** The code of what keeps a manifest and keys from being those of a record, and a sentence;
 * undefined if nothing does. */
export function faultOf(manifest: Manifest, keys: Map<string, Vkeys>): [string, string] | undefined {
  const parties = manifest.feeds.map((each) => each.party);
  if (manifest.format !== FORMAT) return ['format', `The format is not ${FORMAT}.`];
  if (parties.length !== 2 || keys.size !== 2 || !parties.every((each) => keys.has(each)) ||
      parties[0] === parties[1]) {
    return ['parties', 'A record has two parties, each with keys.'];
  }
  if (!parties.includes(manifest.exportedBy)) return ['parties', 'The exporter is neither of the parties.'];
  if (manifest.feeds.some((each) => each.size < 0 || each.receipts < 0)) {
    return ['malformed', 'A size is negative.'];
  }
  return undefined;
}

/** The keys of a party; Wrong if they cannot be that party's, or one serves twice. */
export function soundKeys(party: string, vkeys: Vkeys, others: PartyKeys[]): PartyKeys {
  const keys = keysFor(party, vkeys);
  const all = [...others, keys].flatMap(keysOf);
  const again = (raw: Uint8Array, index: number): boolean =>
    all.slice(0, index).some((before) => same(before.raw, raw));
  // Whoever had another's key could speak for it; a receipt could pass for an author's statement.
  if (all.some((each, index) => again(each.raw, index))) throw new Wrong('not_yours', 'a key serves twice');
  return keys;
}

function objectOf(raw: Uint8Array): JsonObject {
  const value = readCanonical(raw);
  if (!isObject(value)) throw new Wrong('malformed', 'not an object');
  return value;
}
