// Keys: the four public keys of a party, as C2SP vkeys, and the fingerprint that people compare.
// Whether they are that party's own no program can tell. Source: the protocol's page 1, "Keys".

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hex, sha256Hex, unbase64, utf8, joined, Wrong } from './bytes';
import { hasExactly, isObject, type Json } from './canonical';

export type Role = 'author' | 'mirror';

export interface Key {
  name: string;
  id: Uint8Array;
  raw: Uint8Array;
  /** As it was spelled. */
  vkey: string;
}

/** One role of a party: two keys, of which both must sign. */
export interface Pair {
  ed25519: Key;
  mlDsa: Key;
}

export type PartyKeys = Record<Role, Pair>;

const TYPES: Record<Role, { ed25519: number; mlDsa: number }> = {
  author: { ed25519: 0x01, mlDsa: 0x06 },
  mirror: { ed25519: 0x04, mlDsa: 0x06 },
};
const [MIN_VKEY_CHARS, MAX_VKEY_CHARS] = [16, 2_048];
const ED25519_BYTES = 32;
const ML_DSA_BYTES = 1_312;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const ID = /^[0-9a-f]{8}$/;

/** Whether a text can name a party. */
export const isPartyName = (text: string): boolean => NAME.test(text);

/** The vkeys of a party as they are spelled: Ed25519 first, then ML-DSA-44. */
export type Vkeys = Record<Role, [string, string]>;

/** The vkeys that `{"author":[vkey,vkey],"mirror":[vkey,vkey]}` states; Wrong `malformed` if it
 * has another shape. Whether they can be anyone's keys is not looked at. */
export function readVkeys(value: Json | undefined): Vkeys {
  if (!isObject(value) || !hasExactly(value, ['author', 'mirror'])) {
    throw new Wrong('malformed', 'not the keys of a party');
  }
  return { author: readTwo(value['author']), mirror: readTwo(value['mirror']) };
}

function readTwo(value: Json | undefined): [string, string] {
  const [first, second, ...more] = Array.isArray(value) ? value : [];
  if (!isVkey(first) || !isVkey(second) || more.length > 0) throw new Wrong('malformed', 'not two vkeys');
  return [first, second];
}

const isVkey = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.length >= MIN_VKEY_CHARS && value.length <= MAX_VKEY_CHARS;

/** The keys of a party; Wrong `not_yours` if they cannot be that party's. */
export function keysFor(party: string, { author, mirror }: Vkeys): PartyKeys {
  return { author: pairOf(author, party, 'author'), mirror: pairOf(mirror, party, 'mirror') };
}

function pairOf([first, second]: [string, string], party: string, role: Role): Pair {
  const name = `clearline/${party}/${role}`;
  return {
    ed25519: readVkey(first, name, TYPES[role].ed25519, ED25519_BYTES),
    mlDsa: readVkey(second, name, TYPES[role].mlDsa, ML_DSA_BYTES),
  };
}

/** The key of a vkey that must have this name, type and length; Wrong `not_yours` else. */
export function readVkey(vkey: string, name: string, type: number, bytes: number): Key {
  const wrong = new Wrong('not_yours', `not a vkey of ${name}`);
  const [given, id, spelled] = split(vkey);
  if (given !== name || !ID.test(id)) throw wrong;
  let material: Uint8Array;
  try {
    material = unbase64(spelled);
  } catch {
    throw wrong;
  }
  const raw = material.subarray(1);
  if (material[0] !== type || raw.length !== bytes) throw wrong;
  const recommended = sha256(joined(utf8(`${name}\n`), material)).subarray(0, 4);
  if (hex(recommended) !== id) throw wrong;
  if (bytes === ED25519_BYTES && !isSound(raw)) throw wrong;
  return { name, id: recommended, raw, vkey };
}

/** The name, the id and the base64 of a vkey: base64 has the plus too, a name never has. */
function split(vkey: string): [string, string, string] {
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  if (first < 0 || second < 0) return ['', '', ''];
  return [vkey.slice(0, first), vkey.slice(first + 1, second), vkey.slice(second + 1)];
}

/** Whether an Ed25519 key is a point (RFC 8032, 5.1.3) that not everyone can sign for. */
function isSound(raw: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(raw, false).isSmallOrder();
  } catch {
    return false;
  }
}

/** All four keys of a party. */
export const keysOf = (keys: PartyKeys): Key[] => [
  keys.author.ed25519, keys.author.mlDsa, keys.mirror.ed25519, keys.mirror.mlDsa,
];

/** The canonical spelling of a party's keys. No vkey that passed has a character that JSON escapes. */
export const spelled = ({ author, mirror }: Vkeys): string => JSON.stringify({ author, mirror });

/** 64 hexadecimal digits in 16 groups of 4, which people read to each other. */
export const fingerprint = (keys: Vkeys): string =>
  (sha256Hex(utf8(spelled(keys))).match(/.{4}/g) ?? []).join(' ');
