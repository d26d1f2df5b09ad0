// Bundle: checks a proof bundle whole, in the browser, with nobody's node: every entry, both
// signatures of every checkpoint and receipt, the terms and the keys in them. Written from
// protocol/2-bundle.md. What it finds is a fault; whose it is, it does not say.

import { sha256 } from '@noble/hashes/sha2.js';
import { unzipSync } from 'fflate';
import {
  checkAuthor, checkMirror, Fault, hex, readCheckpoint, readKey, readNote, same,
  type Key,
} from './signed';
import { Tree } from './tree';

const MAX_BYTES = 1 << 30;
const MAX_FILES = 65_536;
const MAX_UNPACKED = 4 * (1 << 30);
const MAX_FAULTS = 1_000;
const PAUSE_EVERY = 200;
const BUNDLE_WIDTH = 256;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const FIELDS = 'at,body,id,kind,re,v';

export interface Found {
  code: string;
  where: string;
  detail: string;
}

export interface Report {
  verified: boolean;
  link: string;
  exported_by: string;
  entries: number;
  feeds: number;
  receipts: number;
  faults: Found[];
  /** The party's fingerprint, which two people compare. */
  fingerprints: Record<string, string>;
}

/** What is being checked now, for people to see. */
export interface Progress {
  what: 'entries' | 'receipts' | 'feed' | 'terms' | 'done';
  party: string;
  done: number;
  of: number;
}

type Files = Record<string, Uint8Array>;
interface Keys { author: [Key, Key]; mirror: [Key, Key] }
interface Manifest {
  exported_at: string;
  exported_by: string;
  feeds: { party: string; receipts: number; size: number }[];
  forks: number;
  format: string;
  link: string;
  terms: number;
}
interface Entry { at: string; body: unknown; id: string; kind: string; re: string[]; v: number }

const text = new TextDecoder('utf-8', { fatal: true });

/** Return what holds and what does not. Raises only when it is told to stop. */
export async function verifyBundle(
  raw: Uint8Array, told: (progress: Progress) => void, stopped: () => boolean,
): Promise<Report> {
  const check = new Check(told, stopped);
  try {
    await check.run(raw);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    check.fault('archive', '', error.message);
  }
  return check.report();
}

class Check {
  #faults: Found[] = [];
  #entries = 0;
  #feeds = 0;
  #receipts = 0;
  #manifest: Manifest | null = null;
  #fingerprints: Record<string, string> = {};

  constructor(private readonly told: (progress: Progress) => void, private readonly stopped: () => boolean) {}

  fault(code: string, where: string, detail: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ code, where, detail });
  }

  report(): Report {
    return {
      verified: this.#faults.length === 0 && this.#manifest !== null,
      link: this.#manifest?.link ?? '',
      exported_by: this.#manifest?.exported_by ?? '',
      entries: this.#entries, feeds: this.#feeds, receipts: this.#receipts,
      faults: this.#faults, fingerprints: this.#fingerprints,
    };
  }

  async run(raw: Uint8Array): Promise<void> {
    const files = opened(raw);
    const manifest = canonical(files, 'manifest.json') as Manifest;
    if (manifest.format !== 'clearline-bundle@v1') throw new Fault('another format');
    if (!isManifest(manifest)) throw new Fault('manifest.json is not of its shape');
    this.#manifest = manifest;
    const keys = this.#keys(files);
    const parties = Object.keys(keys);
    if (parties.length !== 2 || manifest.feeds.length !== 2) throw new Fault('not two parties');
    if (!parties.includes(manifest.exported_by)) this.fault('parties', '', 'exported by neither party');
    this.#names(files, manifest, parties);
    const ids = new Set<string>();
    const all: { party: string; entries: Entry[] }[] = [];
    for (const feed of manifest.feeds) {
      const other = parties.find((each) => each !== feed.party) ?? '';
      all.push(await this.#feed(files, manifest.link, feed, keys[feed.party], keys[other], ids));
    }
    for (const { party, entries } of all) {
      entries.forEach((entry, n) => {
        if (entry.re.some((id) => !ids.has(id))) this.fault('reference', `${party} ${n}`, 're names what is in neither feed');
      });
    }
    this.#terms(files, manifest, keys, all.flatMap((each) => each.entries));
    this.told({ what: 'done', party: '', done: this.#entries, of: this.#entries });
  }

  /** Hold the names to those that a record has; forks are counted and their evidence is kept. */
  #names(files: Files, manifest: Manifest, parties: string[]): void {
    const known = /^(README\.txt|manifest\.json|keys\.json|terms\/[0-9a-f]{64}\.json|forks\/\d+\.json)$/;
    const feed = new RegExp(`^feeds/(${parties.join('|')})/(checkpoint|receipts|tile/entries/[x0-9/]+(\\.p/\\d+)?)$`);
    for (const name of Object.keys(files)) {
      if (!known.test(name) && !feed.test(name)) this.fault('unexpected_file', name, 'no part of a record');
    }
    const forks = Object.keys(files).filter((name) => name.startsWith('forks/')).length;
    if (forks !== manifest.forks) this.fault('fork_count', '', `${forks} for ${manifest.forks}`);
    if (forks) this.fault('fork', '', `${forks} kept: this page does not judge them; clearline-verify does`);
  }

  #keys(files: Files): Record<string, Keys> {
    const stated = canonical(files, 'keys.json') as Record<string, { author: string[]; mirror: string[] }>;
    const found: Record<string, Keys> = {};
    for (const [party, { author, mirror }] of Object.entries(stated)) {
      const read = (pair: string[], role: string): [Key, Key] => {
        const [a, b] = pair.map(readKey);
        const name = `clearline/${party}/${role}`;
        if (!a || !b || pair.length !== 2 || a.name !== name || b.name !== name) throw new Fault(`keys that cannot be ${party}’s`);
        return [a, b];
      };
      found[party] = { author: read(author, 'author'), mirror: read(mirror, 'mirror') };
      const print = hex(sha256(new TextEncoder().encode(spelled({ author, mirror }))));
      this.#fingerprints[party] = print.match(/.{4}/g)?.join(' ') ?? print;
    }
    return found;
  }

  async #feed(
    files: Files, link: string, feed: Manifest['feeds'][number],
    own: Keys | undefined, theirs: Keys | undefined, ids: Set<string>,
  ): Promise<{ party: string; entries: Entry[] }> {
    const { party } = feed;
    const folder = `feeds/${party}`;
    const tree = new Tree();
    const roots = new Map<number, Uint8Array>([[0, tree.root()]]);
    const wanted = new Set<number>([feed.size]);
    const receipts = receiptsOf(files[`${folder}/receipts`]);
    for (const each of receipts) {
      const size = Number(each.split('\n')[1]);
      if (Number.isSafeInteger(size)) wanted.add(size);
    }
    const entries: Entry[] = [];
    for (const [n, raw] of [...entriesOf(files, folder, feed.size)].entries()) {
      tree.add(raw);
      if (wanted.has(tree.size)) roots.set(tree.size, tree.root());
      const entry = this.#entry(raw, `${party} ${n}`);
      if (entry) {
        if (ids.has(entry.id)) this.fault('duplicate', `${party} ${n}`, 'an id was used before');
        ids.add(entry.id);
        entries.push(entry);
      }
      this.#entries += 1;
      if (n % PAUSE_EVERY === 0) await this.#pause('entries', party, n, feed.size);
    }
    if (tree.size !== feed.size) this.fault('size', party, `${tree.size} entries for ${feed.size}`);
    this.#checkpoint(files[`${folder}/checkpoint`], link, party, tree, own);
    if (receipts.length !== feed.receipts) this.fault('receipt_count', party, `${receipts.length} for ${feed.receipts}`);
    for (const [n, raw] of receipts.entries()) {
      this.#receipt(raw, `${party} receipt ${n}`, link, party, roots, tree.size, theirs);
      if (n % 5 === 0) await this.#pause('receipts', party, n, receipts.length);
    }
    await this.#pause('feed', party, tree.size, feed.size);
    return { party, entries };
  }

  #entry(raw: Uint8Array, where: string): Entry | null {
    try {
      const said = text.decode(raw);
      const entry = JSON.parse(said) as Entry;
      if (spelled(entry) !== said) throw new Fault('not in its canonical spelling');
      if (Object.keys(entry).sort().join() !== FIELDS || entry.v !== 1) throw new Fault('not the fields of an entry');
      if (!UUID7.test(entry.id) || !INSTANT.test(entry.at) || !Array.isArray(entry.re)) throw new Fault('malformed');
      return entry;
    } catch (error) {
      this.fault('entry_malformed', where, (error as Error).message);
      return null;
    }
  }

  #checkpoint(raw: Uint8Array | undefined, link: string, party: string, tree: Tree, keys: Keys | undefined): void {
    if (!raw) {
      if (tree.size) this.fault('author', party, 'there is no signed checkpoint');
      return;
    }
    try {
      const note = readNote(text.decode(raw));
      const checkpoint = readCheckpoint(note.text);
      if (checkpoint.origin !== `clearline/${link}/${party}`) throw new Fault('for another feed');
      if (!keys) throw new Fault('no keys');
      checkAuthor(checkpoint, note.lines, keys.author);
      if (checkpoint.size !== tree.size || !same(checkpoint.root, tree.root())) {
        this.fault('root', party, 'the entries are not those that were signed');
      } else this.#feeds += 1;
    } catch (error) {
      this.fault('author', party, (error as Error).message);
    }
  }

  #receipt(
    raw: string, where: string, link: string, party: string,
    roots: Map<number, Uint8Array>, size: number, keys: Keys | undefined,
  ): void {
    try {
      const note = readNote(raw);
      const checkpoint = readCheckpoint(note.text);
      if (checkpoint.origin !== `clearline/${link}/${party}` || !keys) throw new Fault('for another feed');
      checkMirror(checkpoint, note.lines, keys.mirror);
      const root = roots.get(checkpoint.size);
      if (checkpoint.size > size) this.fault('receipt_beyond', where, 'for more than is here');
      else if (!root || !same(root, checkpoint.root)) this.fault('receipt_root', where, 'for other entries');
      else this.#receipts += 1;
    } catch (error) {
      this.fault('mirror', where, (error as Error).message);
    }
  }

  #terms(files: Files, manifest: Manifest, keys: Record<string, Keys>, entries: Entry[]): void {
    const names = Object.keys(files).filter((name) => name.startsWith('terms/'));
    if (names.length !== manifest.terms) this.fault('terms_count', '', `${names.length} for ${manifest.terms}`);
    for (const name of names) {
      const raw = files[name] ?? new Uint8Array();
      if (name !== `terms/${hex(sha256(raw))}.json`) this.fault('terms_hash', name, 'not what its name says');
      const terms = canonical(files, name) as { link: string; parties: { party: string; keys: { author: string[]; mirror: string[] } }[] };
      if (terms.link !== manifest.link) this.fault('terms_link', name, 'for another link');
      for (const card of terms.parties) {
        const known = keys[card.party];
        const stated = [...card.keys.author, ...card.keys.mirror].map((each) => hex(readKey(each).id));
        const held = known ? [...known.author, ...known.mirror].map((each) => hex(each.id)) : [];
        if (stated.join() !== held.join()) this.fault('terms_keys', name, `other keys of ${card.party} than keys.json`);
      }
    }
    for (const entry of entries.filter((each) => each.kind === 'terms.agreed')) {
      const { hash } = entry.body as { hash: string };
      if (!names.includes(`terms/${hash}.json`)) this.fault('terms_missing', entry.id, 'agreed terms are not here');
    }
    this.told({ what: 'terms', party: '', done: names.length, of: names.length });
  }

  async #pause(what: Progress['what'], party: string, done: number, of: number): Promise<void> {
    this.told({ what, party, done, of });
    await new Promise((on) => setTimeout(on));
    if (this.stopped()) throw new DOMException('stopped', 'AbortError');
  }
}

function isManifest(manifest: Manifest): boolean {
  const counts = manifest.feeds?.flatMap((each) => [each.size, each.receipts]) ?? [-1];
  return (
    Object.keys(manifest).sort().join() === 'exported_at,exported_by,feeds,forks,format,link,terms' &&
    INSTANT.test(manifest.exported_at) && !Number.isNaN(Date.parse(manifest.exported_at)) &&
    UUID7.test(manifest.link) &&
    [...counts, manifest.forks, manifest.terms].every((n) => Number.isSafeInteger(n) && n >= 0) &&
    manifest.feeds.every((each) => Object.keys(each).sort().join() === 'party,receipts,size')
  );
}

function opened(raw: Uint8Array): Files {
  if (raw.length > MAX_BYTES) throw new Fault('the file is larger than 1 GiB');
  let [files, bytes] = [0, 0];
  try {
    return unzipSync(raw, {
      filter: (file) => {
        files += 1;
        bytes += file.originalSize;
        if (files > MAX_FILES || bytes > MAX_UNPACKED || bytes > 200 * raw.length + (1 << 20)) {
          throw new Fault('beyond the limits of a bundle');
        }
        return true;
      },
    });
  } catch (error) {
    throw error instanceof Fault ? error : new Fault(`not such a ZIP: ${(error as Error).message}`);
  }
}

function canonical(files: Files, name: string): unknown {
  const raw = files[name];
  if (!raw) throw new Fault(`${name} is missing`);
  let said: string;
  let value: unknown;
  try {
    said = text.decode(raw);
    value = JSON.parse(said);
  } catch {
    throw new Fault(`${name} is no JSON`);
  }
  if (spelled(value) !== said) throw new Fault(`${name} is not canonical`);
  return value;
}

/** The one spelling of a value: RFC 8785, for integers and ASCII keys. */
export function spelled(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spelled).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = value as Record<string, unknown>;
    const names = Object.keys(fields).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${spelled(fields[name])}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Fault('a number that is no integer');
  return JSON.stringify(value);
}

function* entriesOf(files: Files, folder: string, size: number): Generator<Uint8Array> {
  for (let index = 0; index * BUNDLE_WIDTH < size; index++) {
    const width = Math.min(BUNDLE_WIDTH, size - index * BUNDLE_WIDTH);
    const name = `${folder}/tile/entries/${path(index)}${width < BUNDLE_WIDTH ? `.p/${width}` : ''}`;
    const raw = files[name];
    if (!raw) throw new Fault(`${name} is missing`);
    for (let at = 0; at < raw.length; ) {
      const length = ((raw[at] ?? 0) << 8) | (raw[at + 1] ?? 0);
      if (at + 2 + length > raw.length) throw new Fault(`${name} is cut off`);
      yield raw.subarray(at + 2, at + 2 + length);
      at += 2 + length;
    }
  }
}

/** The path of a tile: groups of three digits, all but the last with an x before. */
function path(index: number): string {
  const groups = [String(index % 1_000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    groups.unshift(`x${String(rest % 1_000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

/** Receipts of seven lines each, as notes. */
function receiptsOf(raw: Uint8Array | undefined): string[] {
  if (!raw?.length) return [];
  const lines = text.decode(raw).split('\n');
  if (lines.pop() !== '' || lines.length % 7 !== 0) throw new Fault('receipts cannot be read');
  const found: string[] = [];
  for (let at = 0; at < lines.length; at += 7) found.push(lines.slice(at, at + 6).join('\n') + '\n');
  return found;
}

