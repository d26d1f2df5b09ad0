// Bytes: text, hexadecimal and base64, each read strictly: one spelling of one value, or none.
// Source: RFC 4648, section 4; the protocol's page 1. It never guesses what was meant.

import { sha256 } from '@noble/hashes/sha2.js';

/** What something is refused for, in the words of the protocol. */
export type Reason =
  | 'malformed'
  | 'not_canonical'
  | 'not_yours'
  | 'too_large'
  | 'unknown_field'
  | 'unknown_version';

/** Something that is not what it should be, and for which reason. */
export class Wrong extends Error {
  constructor(
    readonly reason: Reason,
    detail: string,
  ) {
    super(detail);
  }
}

/** What was thrown, if it is a finding; what is not goes on, for it is a defect of ours. */
export function asWrong(error: unknown): Wrong {
  if (error instanceof Wrong) return error;
  throw error;
}

const encoder = new TextEncoder();
// With `ignoreBOM` a byte order mark stays in the text, where it is no part of any spelling.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const FOREIGN = /[^A-Za-z0-9+/]/;

/** The UTF-8 of a text. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** The text of UTF-8; Wrong `malformed` if it is none. */
export function textOf(raw: Uint8Array): string {
  try {
    return decoder.decode(raw);
  } catch {
    throw new Wrong('malformed', 'not UTF-8');
  }
}

/** The bytes of base64 with its padding and no bits left over; Wrong `malformed` else. */
export function unbase64(text: string): Uint8Array {
  const body = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  // No pattern runs over the whole of it: a text may be long enough to exhaust one.
  if (text.length % 4 !== 0 || FOREIGN.test(body)) throw new Wrong('malformed', 'not base64');
  const spare = [0, 3, 15][text.length - body.length] ?? 0;
  if (spare && (ALPHABET.indexOf(body.slice(-1)) & spare) !== 0) {
    throw new Wrong('malformed', 'base64 with bits left over');
  }
  return Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
}

/** Two lower-case digits a byte. */
export const hex = (raw: Uint8Array): string =>
  Array.from(raw, (each) => each.toString(16).padStart(2, '0')).join('');

export const same = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((each, index) => each === other[index]);

/** All parts, one behind the other. */
export function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Eight bytes, big-endian. */
export function eightBytes(value: bigint): Uint8Array {
  const raw = new Uint8Array(8);
  new DataView(raw.buffer).setBigUint64(0, value);
  return raw;
}

/** The value of the eight bytes from a place on, big-endian. */
export const valueOf = (raw: Uint8Array, at = 0): bigint =>
  new DataView(raw.buffer, raw.byteOffset, raw.byteLength).getBigUint64(at);

/** SHA-256 in lower-case hexadecimal. */
export const sha256Hex = (raw: Uint8Array): string => hex(sha256(raw));
