// Signed: checkpoints and receipts, and whether both signatures of whoever must sign them hold.
// One signature that fails, is missing or is given twice makes the whole worthless.
// Source: the protocol's page 1; C2SP tlog-checkpoint, tlog-cosignature; RFC 8032; FIPS 204.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { eightBytes, joined, same, unbase64, utf8, valueOf, Wrong } from './bytes';
import type { Key, Pair } from './keys';
import { readNote, type SignatureLine } from './note';
import { EMPTY_ROOT } from './tree';

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
  /** The three lines, as they were signed. */
  text: string;
}

const ED25519_BYTES = 64;
const ML_DSA_BYTES = 2_420;
const STAMP_BYTES = 8;
const ROOT_BYTES = 32;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const LABEL = utf8('subtree/v1\n\0');
const MAX_ORIGIN_BYTES = 255;
/** The last second that an instant can state, in the year 9999. */
const LATEST_S = 253_402_300_799n;

/** The origin of a party's feed on a link. */
export const originOf = (link: string, party: string): string => `clearline/${link}/${party}`;

/** The checkpoint of three lines; Wrong `malformed`. Extension lines are refused. */
export function readCheckpoint(text: string): Checkpoint {
  const [origin, spelled, root, end, ...more] = text.split('\n');
  if (!origin || !spelled || !root || end !== '' || more.length > 0) {
    throw new Wrong('malformed', 'a checkpoint has three lines');
  }
  if (utf8(origin).length > MAX_ORIGIN_BYTES) throw new Wrong('malformed', 'origin');
  const size = Number(spelled);
  if (!SIZE.test(spelled) || !Number.isSafeInteger(size)) throw new Wrong('malformed', 'size');
  const hash = unbase64(root);
  if (hash.length !== ROOT_BYTES) throw new Wrong('malformed', 'root');
  if (size === 0 && !same(hash, EMPTY_ROOT)) throw new Wrong('malformed', 'no root of an empty feed');
  return { origin, size, root: hash, text };
}

/** The checkpoint in a note, signed by both keys of its author; Wrong `not_yours` if it is for
 * another feed, or not signed so. */
export function openCheckpoint(raw: Uint8Array, origin: string, author: Pair): Checkpoint {
  const note = readNote(raw);
  const checkpoint = readCheckpoint(note.text);
  if (checkpoint.origin !== origin) throw new Wrong('not_yours', 'another feed');
  const plain = only(note.signatures, author.ed25519, ED25519_BYTES);
  const stamped = only(note.signatures, author.mlDsa, STAMP_BYTES + ML_DSA_BYTES);
  if (valueOf(stamped) !== 0n) throw new Wrong('not_yours', 'an author states no time');
  if (!isEd25519(plain, utf8(note.text), author.ed25519)) throw failed(author.ed25519);
  if (!isMlDsa(stamped, checkpoint, 0n, author.mlDsa)) throw failed(author.mlDsa);
  return checkpoint;
}

/** When both keys of a mirror signed a checkpoint, in seconds since 1970; Wrong `not_yours` if
 * they did not, or at two times. */
export function cosignedAt(checkpoint: Checkpoint, lines: SignatureLine[], mirror: Pair): bigint {
  const first = only(lines, mirror.ed25519, STAMP_BYTES + ED25519_BYTES);
  const second = only(lines, mirror.mlDsa, STAMP_BYTES + ML_DSA_BYTES);
  const time = valueOf(first);
  if (time !== valueOf(second)) throw new Wrong('not_yours', 'two times');
  if (time === 0n || time > LATEST_S) throw new Wrong('not_yours', 'no time');
  const message = utf8(`cosignature/v1\ntime ${time}\n${checkpoint.text}`);
  if (!isEd25519(first.subarray(STAMP_BYTES), message, mirror.ed25519)) {
    throw failed(mirror.ed25519);
  }
  if (!isMlDsa(second, checkpoint, time, mirror.mlDsa)) throw failed(mirror.mlDsa);
  return time;
}

const failed = (key: Key): Wrong => new Wrong('not_yours', `the signature of ${key.name} fails`);

/** What the one line by a key holds behind its key id. */
function only(lines: SignatureLine[], key: Key, bytes: number): Uint8Array {
  const [line, again] = lines.filter((each) => each.name === key.name && same(each.keyId, key.id));
  if (!line) throw new Wrong('not_yours', `${key.name} did not sign with both keys`);
  if (again) throw new Wrong('not_yours', `${key.name} signed twice`);
  if (line.raw.length !== bytes) throw failed(key);
  return line.raw;
}

/** The ML-DSA-44 signature over `cosigned_message`, behind its eight bytes of time. */
function isMlDsa(stamped: Uint8Array, head: Checkpoint, time: bigint, key: Key): boolean {
  const [name, origin] = [utf8(key.name), utf8(head.origin)];
  const message = joined(
    LABEL, Uint8Array.of(name.length), name, eightBytes(time), Uint8Array.of(origin.length), origin,
    eightBytes(0n), eightBytes(BigInt(head.size)), head.root,
  );
  return ml_dsa44.verify(stamped.subarray(STAMP_BYTES), message, key.raw);
}

const { Point } = ed25519;
const points = new Map<string, InstanceType<typeof Point>>();

/** RFC 8032, 5.1.7, in its stricter form, without the cofactor: R is compared as it is spelled.
 * A signature that only the laxer form accepts would hold for some and not for others. */
function isEd25519(signature: Uint8Array, message: Uint8Array, key: Key): boolean {
  const [r, spelled] = [signature.subarray(0, 32), signature.subarray(32)];
  const s = littleEndian(spelled);
  if (s >= Point.Fn.ORDER) return false;
  const k = Point.Fn.create(littleEndian(sha512(joined(r, key.raw, message))));
  const ours = Point.BASE.multiplyUnsafe(s).subtract(pointOf(key).multiplyUnsafe(k));
  return same(ours.toBytes(), r);
}

function pointOf(key: Key): InstanceType<typeof Point> {
  let point = points.get(key.vkey);
  if (!point) points.set(key.vkey, (point = Point.fromBytes(key.raw, false)));
  return point;
}

const littleEndian = (raw: Uint8Array): bigint =>
  raw.reduceRight((sum, each) => (sum << 8n) | BigInt(each), 0n);
