// Entry: one item of a feed, held to its schema. What its body says is not judged here: a record
// holds whatever its author signed. Source: the protocol's page 1, "Entry"; its page 5, "Types".

import { Wrong } from './bytes';
import { hasExactly, isObject, readCanonical, type Json, type JsonObject } from './canonical';

export interface Entry {
  at: string;
  body: JsonObject;
  id: string;
  kind: string;
  re: string[];
  /** The body as it was received. */
  raw: Uint8Array;
}

const FIELDS = ['at', 'body', 'id', 'kind', 're', 'v'];
const MAX_BYTES = 65_535;
const BEFORE_BODY = '{"at":"2026-11-23T14:25:07.120Z","body":'.length;
const MAX_RE = 64;
const MAX_KIND_CHARS = 64;
const KIND = /^[a-z]+\.[a-z_]+$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

/** Whether a value is a UUIDv7 in lower case. */
export const isId = (value: Json | undefined): value is string =>
  typeof value === 'string' && ID.test(value);

/** Whether a value is an instant from 1970 to 9999, in UTC, with three decimals. */
export function isInstant(value: Json | undefined): value is string {
  if (typeof value !== 'string' || !INSTANT.test(value) || value < '1970') return false;
  const ms = Date.parse(value);
  // A day or an hour that does not exist is refused, or comes back as another one.
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}

/** The entry that these bytes are; Wrong with the first reason of the protocol's order. */
export function readEntry(raw: Uint8Array): Entry {
  if (raw.length > MAX_BYTES) throw new Wrong('too_large', 'an entry has at most 65,535 bytes');
  const value = readCanonical(raw);
  if (!isObject(value)) throw new Wrong('malformed', 'not an object');
  const { at, body, id, kind, re, v } = value;
  if (typeof v === 'number' && v !== 1) throw new Wrong('unknown_version', 'another version');
  const unknown = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) throw new Wrong('unknown_field', unknown);
  if (Array.isArray(re) && re.length > MAX_RE) throw new Wrong('too_large', 'too many references');
  if (!hasExactly(value, FIELDS) || v !== 1) throw new Wrong('malformed', 'a field is missing');
  if (!isInstant(at)) throw new Wrong('malformed', 'at');
  if (!isObject(body)) throw new Wrong('malformed', 'body');
  if (!isId(id)) throw new Wrong('malformed', 'id');
  if (typeof kind !== 'string' || kind.length > MAX_KIND_CHARS || !KIND.test(kind)) {
    throw new Wrong('malformed', 'kind');
  }
  if (!Array.isArray(re) || !re.every(isId)) throw new Wrong('malformed', 're');
  // All around the body is ASCII of a known length, and comes back the same from its values.
  const behind = JSON.stringify({ id, kind, re, v }).length;
  return { at, body, id, kind, re, raw: raw.subarray(BEFORE_BODY, raw.length - behind) };
}
