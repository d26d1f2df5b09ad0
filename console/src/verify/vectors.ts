// Vectors: the protocol's published examples, for the tests: they hold this verifier and the node's
// to the same findings. No part of the page imports it.

import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { unzipSync, zipSync } from 'fflate';
import bundle from '../../../protocol/vectors/record/record.bundle?inline';
import keys from '../../../protocol/vectors/record/keys.json';
import { textOf, unbase64 } from './bytes';
import { keysFor, type PartyKeys, type Role, type Vkeys } from './keys';

/** Bytes of base64. */
export const un = unbase64;

/** The published record, as one file. */
export const RECORD = un(bundle.slice(bundle.indexOf(',') + 1));

/** The files of the published record. */
export const FILES: Record<string, Uint8Array> = unzipSync(RECORD);

/** The keys that everything published is signed with, by party. */
export const KEYS = new Map<string, PartyKeys>(
  keys.map((each) => [each.party, keysFor(each.party, each.keys as Vkeys)]),
);

export function keysOfParty(party: string): PartyKeys {
  const found = KEYS.get(party);
  if (!found) throw new Error(`no keys of ${party} are published`);
  return found;
}

/** The published record with some files changed, or taken away where null. */
export function edited(edit: Record<string, Uint8Array | null>): Uint8Array {
  const whole = Object.entries({ ...FILES, ...edit });
  const kept = whole.filter((each): each is [string, Uint8Array] => each[1] !== null);
  return zipSync(Object.fromEntries(kept));
}

/** The seeds of a party's two keys in a role. They are published, so that anyone can sign with them. */
export function secretsOf(party: string, role: Role): [Uint8Array, Uint8Array] {
  const found = keys.find((each) => each.party === party)?.seeds[role].map(un);
  if (!found?.[0] || !found[1]) throw new Error(`no seeds of ${party} are published`);
  return [found[0], ml_dsa44.keygen(found[1]).secretKey];
}

/** The link of the published record. */
export const LINK = (JSON.parse(textOf(FILES['manifest.json'] as Uint8Array)) as { link: string }).link;

/** Base64 of bytes. */
export const encoded = (raw: Uint8Array): string => btoa(String.fromCharCode(...raw));
