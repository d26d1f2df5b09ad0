// Signed: C2SP signed notes, checkpoints and cosignatures, checked with both algorithms that
// every signature of the line has: Ed25519 and ML-DSA-44. Both must hold, or nothing does.
// Written from protocol/1-feeds.md; it shares no code with the node.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';

const AUTHOR_ED25519 = 0x01;
const MIRROR_ED25519 = 0x04;
const ML_DSA_44 = 0x06;
const LABEL = 'subtree/v1\n\0';

const utf8 = new TextEncoder();

export interface Key {
  name: string;
  id: Uint8Array;
  type: number;
  key: Uint8Array;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
  text: string;
}

export interface Line {
  name: string;
  id: Uint8Array;
  value: Uint8Array;
}

/** What does not hold, in one sentence. */
export class Fault extends Error {}

export function base64(text: string): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new Fault('not base64');
  }
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A verifier key, whose id must be what its name and key make it. */
export function readKey(vkey: string): Key {
  const [name, id, material, ...rest] = vkey.split('+').length > 3 ? splitKey(vkey) : vkey.split('+');
  if (!name || !id || !material || rest.length) throw new Fault('not a verifier key');
  const raw = base64(material);
  const made = sha256(joined(utf8.encode(`${name}\n`), raw)).slice(0, 4);
  if (hex(made) !== id) throw new Fault(`the key id of ${name} is not its own`);
  return { name, id: made, type: raw[0] ?? 0, key: raw.slice(1) };
}

/** Base64 may hold a plus as well: only the first two part the fields. */
function splitKey(vkey: string): string[] {
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  return [vkey.slice(0, first), vkey.slice(first + 1, second), vkey.slice(second + 1)];
}

/** The checkpoint that a note's text states: origin, size, root, and nothing more. */
export function readCheckpoint(text: string): Checkpoint {
  const [origin, size, root, end, ...rest] = text.split('\n');
  if (!origin || !size || !root || end !== '' || rest.length) throw new Fault('not a checkpoint');
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) throw new Fault('not a size');
  const hash = base64(root);
  if (hash.length !== 32) throw new Fault('not a root');
  return { origin, size: Number(size), root: hash, text };
}

/** The text of a note and its signature lines. */
export function readNote(raw: string): { text: string; lines: Line[] } {
  const split = raw.indexOf('\n\n');
  if (split < 0 || raw.length > 131_072) throw new Fault('not a signed note');
  const lines = raw.slice(split + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > 16) throw new Fault('not signed');
  return { text: raw.slice(0, split + 1), lines: lines.map(readLine) };
}

function readLine(line: string): Line {
  const found = /^\u2014 (\S{1,255}) (\S+)$/.exec(line);
  if (!found?.[1] || !found[2]) throw new Fault('not a signature line');
  const raw = base64(found[2]);
  return { name: found[1], id: raw.slice(0, 4), value: raw.slice(4) };
}

function only(lines: Line[], key: Key): Uint8Array {
  const found = lines.filter((line) => line.name === key.name && same(line.id, key.id));
  if (found.length !== 1 || !found[0]) throw new Fault(`${key.name} has not signed once with each key`);
  return found[0].value;
}

/** Check that both of an author's keys signed a checkpoint; raises Fault. */
export function checkAuthor(checkpoint: Checkpoint, lines: Line[], keys: [Key, Key]): void {
  const [classic, quantum] = keys;
  if (classic.type !== AUTHOR_ED25519 || quantum.type !== ML_DSA_44) throw new Fault('wrong kinds of key');
  const first = only(lines, classic);
  if (!ed25519.verify(first, utf8.encode(checkpoint.text), classic.key)) {
    throw new Fault('the Ed25519 signature of the author does not hold');
  }
  const second = only(lines, quantum);
  if (stampOf(second) !== 0) throw new Fault('an author states no time');
  if (!ml_dsa44.verify(second.slice(8), cosigned(checkpoint, quantum.name, 0), quantum.key)) {
    throw new Fault('the ML-DSA-44 signature of the author does not hold');
  }
}

/** Check that both of a mirror's keys signed a receipt; returns its time in s. Raises Fault. */
export function checkMirror(checkpoint: Checkpoint, lines: Line[], keys: [Key, Key]): number {
  const [classic, quantum] = keys;
  if (classic.type !== MIRROR_ED25519 || quantum.type !== ML_DSA_44) throw new Fault('wrong kinds of key');
  const [first, second] = [only(lines, classic), only(lines, quantum)];
  const time = stampOf(first);
  if (time === 0 || time !== stampOf(second)) throw new Fault('the two times of the mirror differ');
  const timed = utf8.encode(`cosignature/v1\ntime ${time}\n${checkpoint.text}`);
  if (!ed25519.verify(first.slice(8), timed, classic.key)) {
    throw new Fault('the Ed25519 signature of the mirror does not hold');
  }
  if (!ml_dsa44.verify(second.slice(8), cosigned(checkpoint, quantum.name, time), quantum.key)) {
    throw new Fault('the ML-DSA-44 signature of the mirror does not hold');
  }
  return time;
}

function stampOf(value: Uint8Array): number {
  return Number(new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0));
}

function stamp(value: number): Uint8Array {
  const raw = new Uint8Array(8);
  new DataView(raw.buffer).setBigUint64(0, BigInt(value));
  return raw;
}

/** The `cosigned_message` of tlog-cosignature. */
function cosigned(checkpoint: Checkpoint, name: string, time: number): Uint8Array {
  const [signer, origin] = [utf8.encode(name), utf8.encode(checkpoint.origin)];
  return joined(
    utf8.encode(LABEL), Uint8Array.of(signer.length), signer, stamp(time),
    Uint8Array.of(origin.length), origin, stamp(0), stamp(checkpoint.size), checkpoint.root,
  );
}
