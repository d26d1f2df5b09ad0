// Every vector that is published for the record, accepted or refused, through this verifier.

import { ed25519 } from '@noble/curves/ed25519.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { describe, expect, it } from 'vitest';
import appends from '../../../protocol/vectors/record/appends.json';
import bundles from '../../../protocol/vectors/record/bundles.json';
import canonical from '../../../protocol/vectors/record/canonical.json';
import checkpoints from '../../../protocol/vectors/record/checkpoints.json';
import cosignatures from '../../../protocol/vectors/record/cosignatures.json';
import entries from '../../../protocol/vectors/record/entries.json';
import keys from '../../../protocol/vectors/record/keys.json';
import notes from '../../../protocol/vectors/record/notes.json';
import proofs from '../../../protocol/vectors/record/proofs.json';
import tree from '../../../protocol/vectors/record/tree.json';
import { hex, same, textOf, Wrong } from './bytes';
import { verifyBundle } from './bundle';
import { readCanonical } from './canonical';
import { readEntry } from './entry';
import { framed } from './feed';
import { judge } from './fork';
import { fingerprint, type Vkeys } from './keys';
import { readNote, readSignatures } from './note';
import { cosignedAt, openCheckpoint, readCheckpoint } from './signed';
import { Frontier, isConsistent, isIncluded, leafHash } from './tree';
import { edited, keysOfParty, RECORD, un } from './vectors';

interface Judged {
  what: string;
  accepted: boolean;
  reason?: string;
  base64: string;
}

/** What is found, or the reason for which it is refused. */
function found<T>(what: () => T): T | string {
  try {
    return what();
  } catch (error) {
    if (error instanceof Wrong) return error.reason;
    throw error;
  }
}

/** Hold what was found to the vector; returns it if it is accepted. */
function held<T extends object>(vector: Judged, what: () => T): T | undefined {
  const outcome = found(what);
  if (!vector.accepted) expect(outcome).toBe(vector.reason);
  else expect(typeof outcome).toBe('object');
  return typeof outcome === 'string' ? undefined : outcome;
}

describe('every published vector of the record', () => {
  it.each(keys)('keys of $party: the seeds make them, and they the fingerprint', (vector) => {
    const stated = keysOfParty(vector.party);
    expect(fingerprint(vector.keys as Vkeys)).toBe(vector.fingerprint);
    for (const role of ['author', 'mirror'] as const) {
      const [classical, lattice] = vector.seeds[role].map(un) as [Uint8Array, Uint8Array];
      expect(hex(ed25519.getPublicKey(classical))).toBe(hex(stated[role].ed25519.raw));
      expect(hex(ml_dsa44.keygen(lattice).publicKey)).toBe(hex(stated[role].mlDsa.raw));
    }
  });

  it.each(canonical as Judged[])('canonical JSON: $what', (vector) => {
    held(vector, () => [readCanonical(un(vector.base64))]);
  });

  it.each(entries as (Judged & { leaf_hash?: string })[])('entries: $what', (vector) => {
    held(vector, () => readEntry(un(vector.base64)));
    if (vector.leaf_hash) expect(hex(leafHash(un(vector.base64)))).toBe(vector.leaf_hash);
  });

  it.each(tree.map((vector) => ({ ...vector, many: vector.leaves.length })))('a tree of $many', (vector) => {
    const hashes = vector.leaves.map((leaf) => leafHash(un(leaf)));
    const [root, size] = [un(vector.root), hashes.length];
    expect(hex(grown(hashes).root())).toBe(hex(root));
    for (const { index, proof } of vector.inclusion) {
      const leaf = hashes[index] as Uint8Array;
      expect(isIncluded(leaf, index, size, proof.map(un), root)).toBe(true);
      expect(isIncluded(leafHash(leaf), index, size, proof.map(un), root)).toBe(false);
    }
    for (const { old, old_root, proof } of vector.consistency) {
      expect(isConsistent(old, un(old_root), size, root, proof.map(un))).toBe(true);
      expect(isConsistent(old, un(old_root), size, root, [...proof.map(un), root])).toBe(false);
    }
  });

  it.each(notes as (Judged & { text?: string; signatures?: number })[])('notes: $what', (vector) => {
    const note = held(vector, () => readNote(un(vector.base64)));
    if (note) expect([note.text, note.signatures.length]).toEqual([vector.text, vector.signatures]);
  });

  it.each(checkpoints as (Judged & { origin: string; party: string; size?: number })[])('checkpoints: $what', (vector) => {
    const author = keysOfParty(vector.party).author;
    const head = held(vector, () => openCheckpoint(un(vector.base64), vector.origin, author));
    if (head) expect(head.size).toBe(vector.size);
  });

  it.each(cosignatures as (Judged & { checkpoint: string; mirror: string; seconds?: number })[])('receipts: $what', (vector) => {
    const mirror = keysOfParty(vector.mirror).mirror;
    const at = held(vector, () => {
      const lines = readSignatures(textOf(un(vector.base64)));
      return { at: cosignedAt(readCheckpoint(vector.checkpoint), lines, mirror) };
    });
    if (at) expect(at.at).toBe(BigInt(vector.seconds ?? 0));
  });

  it.each(appends)('appends: $what', (vector) => {
    const outcome = found(() => appended(vector));
    expect(outcome).toBe(vector.outcome === 'refused' ? vector.reason : vector.outcome);
  });

  it.each(proofs as (Judged & Proof)[])('proofs: $what', (vector) => {
    const proven = held(vector, () => provenBy(vector));
    if (proven) expect([proven.index, hex(proven.entry)]).toEqual([vector.index, hex(un(vector.entry))]);
  });

  it('the published record: it verifies', () => {
    const report = verifyBundle(RECORD, () => undefined);
    expect(report).toMatchObject({ verified: true, entries: 13, feeds: 2, receipts: 6, faults: [] });
    expect(report.notes.map((note) => note.code)).toEqual(['not_pinned', 'not_pinned']);
  });

  it.each(bundles as Bundle[])('bundles: $what', (vector) => {
    const report = verifyBundle(archiveOf(vector), () => undefined);
    expect(placed(report.faults)).toEqual(vector.faults.map(String).sort());
    const { entries, feeds, receipts } = vector;
    expect(report).toMatchObject({ verified: vector.faults.length === 0, entries, feeds, receipts });
    if (report.verified) {
      const said = report.notes.filter((note) => note.code !== 'not_pinned');
      expect(placed(said)).toEqual(vector.notes.map(String).sort());
    }
  });
});

interface Bundle {
  what: string;
  files?: Record<string, string | null>;
  archive?: string;
  entries: number;
  feeds: number;
  receipts: number;
  faults: string[][];
  notes: string[][];
}

function archiveOf({ archive, files = {} }: Bundle): Uint8Array {
  if (archive !== undefined) return un(archive);
  const edit = Object.entries(files).map(([name, raw]) => [name, raw === null ? null : un(raw)] as const);
  return edited(Object.fromEntries(edit));
}

const placed = (found: { code: string; where: string }[]): string[] =>
  found.map(({ code, where }) => `${code},${where}`).sort();

function grown(leaves: Uint8Array[], from = new Frontier()): Frontier {
  leaves.forEach((leaf) => from.append(leaf));
  return from;
}

/** Where the signed note from here on ends: before the first line that is no signature. */
function endOfNote(raw: Uint8Array, start: number): number {
  const lines = (from: number): number => raw.indexOf(0x0a, from) + 1;
  let at = lines(lines(lines(lines(start))));
  while (hex(raw.subarray(at, at + 4)) === 'e2809420') at = lines(at);
  return at;
}

/** What a mirror makes of an append, by this verifier's own parts; a fork only if its evidence is
 * judged to show one. */
function appended(vector: (typeof appends)[number]): string {
  const raw = un(vector.base64);
  const [, spelled] = /^old (0|[1-9][0-9]{0,15})\n\n/.exec(String.fromCharCode(...raw.subarray(0, 32))) ?? [];
  if (!spelled) throw new Wrong('malformed', 'no old line');
  const start = spelled.length + 6;
  const end = endOfNote(raw, start);
  const items = framed(raw, 1_024, end);
  const author = keysOfParty(vector.party).author;
  const [first, second] = [un(vector.mirror_checkpoint), raw.subarray(start, end)];
  const last = openCheckpoint(first, vector.origin, author);
  const next = openCheckpoint(second, vector.origin, author);
  const edge = grown(vector.mirror_holds.map((each) => leafHash(un(each))));
  expect(same(edge.root(), last.root)).toBe(true);
  if (next.size === last.size && !same(next.root, last.root)) {
    expect(judge({ first, second, peaks: [], entries: [] }, vector.origin, author)).toBe('fork');
    return 'fork';
  }
  if (Number(spelled) !== edge.size) {
    expect(edge.size).toBe(vector.size);
    return 'wrong_size';
  }
  if (next.size - edge.size !== items.length) throw new Wrong('malformed', 'not as many entries');
  const peaks = [...edge.peaks];
  if (same(grown(items.map(leafHash), edge).root(), next.root)) return 'admitted';
  expect(judge({ first, second, peaks, entries: items }, vector.origin, author)).toBe('fork_claimed');
  return 'fork';
}

interface Proof {
  origin: string;
  author: string;
  mirror: string;
  entry: string;
  index: number;
}

/** The entry that a proof proves, by this verifier's own parts. */
function provenBy(vector: Judged & Proof): { entry: Uint8Array; index: number } {
  const raw = un(vector.base64);
  const text = textOf(raw);
  const gap = text.indexOf('\n\n');
  const [header, extra = '', place = '', ...hashes] = text.slice(0, gap).split('\n');
  const [, index] = /^index (0|[1-9][0-9]*)$/.exec(place) ?? [];
  if (header !== 'c2sp.org/tlog-proof@v1' || !extra.startsWith('extra ') || !index) {
    throw new Wrong('malformed', 'no proof');
  }
  const entry = un(extra.slice('extra '.length));
  const note = raw.subarray(gap + 2); // All before it is ASCII.
  const head = openCheckpoint(note, vector.origin, keysOfParty(vector.author).author);
  cosignedAt(head, readNote(note).signatures, keysOfParty(vector.mirror).mirror);
  if (!isIncluded(leafHash(entry), Number(index), head.size, hashes.map(un), head.root)) {
    throw new Wrong('malformed', 'not at this place');
  }
  return { entry, index: Number(index) };
}
