// Feed: one party's entries in a bundle, read once: whether each is an entry, whether they are those
// that the author signed, and whether each receipt is the mirror's for exactly these.
// Source: the protocol's page 1, "Entry" to "Receipt"; its page 2, "File".

import type { Archive } from './archive';
import { asWrong, same, textOf, Wrong } from './bytes';
import { readEntry, type Entry } from './entry';
import type { PartyKeys } from './keys';
import type { Feed } from './manifest';
import { readSignatures } from './note';
import type { Findings } from './report';
import { cosignedAt, openCheckpoint, originOf, readCheckpoint, type Checkpoint } from './signed';
import { EMPTY_ROOT, Frontier, leafHash } from './tree';

const WIDTH = 256;
const RECEIPT_LINES = 7;
const MAX_NOTE_BYTES = 131_072;
const TELL_RECEIPTS = 8;
const NEWLINE = 0x0a;

/** Told of each entry, with its place; of those that are none, nothing. */
type Seen = (where: string, entry: Entry) => void;
/** The bytes of a file, or undefined once it is told that they cannot be had. */
export type Read = (name: string) => Uint8Array | undefined;

interface Receipt {
  checkpoint: Checkpoint;
  lines: Uint8Array;
}

/** One feed of a bundle, with the keys that its author and its mirror sign with. */
export class FeedCheck {
  readonly #folder: string;
  readonly #roots = new Map<number, Uint8Array>();
  readonly #tree = new Frontier();

  constructor(
    private readonly found: Findings,
    private readonly archive: Archive,
    private readonly read: Read,
    private readonly feed: Feed,
    private readonly author: PartyKeys,
    private readonly mirror: PartyKeys,
    private readonly other: string,
  ) {
    this.#folder = `feeds/${feed.party}/`;
  }

  run(seen: Seen): void {
    const { found, feed } = this;
    const name = `${this.#folder}receipts`;
    const receipts = this.#receiptsOf(name);
    if (receipts.length !== feed.receipts) {
      found.fault('receipt_count', name, 'Not as many receipts as the manifest says.');
    }
    const wanted = new Set(receipts.map((each) => each.checkpoint.size));
    this.#roots.set(0, EMPTY_ROOT);
    this.#readEntries(wanted, seen);
    this.#checkHead();
    const covered = this.#checkReceipts(name, receipts);
    if (covered < this.#tree.size) {
      const rest = this.#tree.size - covered;
      found.note('no_receipt', name, `${rest} entries of ${feed.party} have no receipt yet.`);
    }
  }

  #readEntries(wanted: Set<number>, seen: Seen): void {
    const { found, feed } = this;
    let [latest, backwards] = ['', 0];
    const one = (where: string, raw: Uint8Array): void => {
      this.#tree.append(leafHash(raw));
      if (wanted.has(this.#tree.size)) this.#roots.set(this.#tree.size, this.#tree.root());
      const entry = this.#entry(where, raw);
      if (!entry) return;
      if (entry.at < latest) backwards += 1;
      else latest = entry.at;
      seen(where, entry);
    };
    for (const path of pathsOf(feed.size)) {
      const name = this.#folder + path;
      const items = this.#itemsOf(name);
      if (!items) break;
      const first = this.#tree.size;
      items.forEach((raw, index) => one(`${name}#${first + index}`, raw));
      found.told({ what: 'entries', party: feed.party, done: this.#tree.size, of: feed.size });
    }
    if (this.#tree.size !== feed.size) {
      found.fault('size', this.#folder, 'Not as many entries as the manifest says.');
    }
    if (backwards > 0) {
      found.note('clock', this.#folder, `${backwards} entries of ${feed.party} are dated before an earlier one.`);
    }
    found.entries += this.#tree.size;
  }

  #entry(where: string, raw: Uint8Array): Entry | undefined {
    try {
      return readEntry(raw);
    } catch (error) {
      const { reason, message } = asWrong(error);
      this.found.fault(`entry_${reason}`, where, `Not an entry: ${message}.`);
      return undefined;
    }
  }

  #itemsOf(name: string): Uint8Array[] | undefined {
    const raw = this.read(name);
    if (!raw) return undefined;
    try {
      return framed(raw);
    } catch (error) {
      this.found.fault('bundle', name, `The file is no entry bundle: ${asWrong(error).message}.`);
      return undefined;
    }
  }

  #checkHead(): void {
    const { found, feed } = this;
    const [name, tree] = [`${this.#folder}checkpoint`, this.#tree];
    if (tree.size === 0 && !this.archive.has(name)) {
      found.note('silent', name, `${feed.party} has said nothing and signed no checkpoint.`);
      return;
    }
    const raw = this.read(name);
    if (!raw) return;
    try {
      const head = openCheckpoint(raw, originOf(found.link, feed.party), this.author.author);
      if (head.size !== tree.size || !same(head.root, tree.root())) {
        found.fault('root', name, `The entries of ${feed.party} are not those that it signed.`);
        return;
      }
    } catch (error) {
      found.fault('author', name, `Not a checkpoint of ${feed.party}: ${asWrong(error).message}.`);
      return;
    }
    found.feeds += 1;
    found.told({ what: 'feed', party: feed.party, done: tree.size, of: feed.size });
  }

  #receiptsOf(name: string): Receipt[] {
    const raw = this.read(name);
    if (!raw) return [];
    try {
      const receipts = readReceipts(raw);
      const origin = originOf(this.found.link, this.feed.party);
      if (receipts.some((each) => each.checkpoint.origin !== origin)) {
        this.found.fault('receipts', name, 'A receipt is for another feed.');
      }
      return receipts;
    } catch (error) {
      this.found.fault('receipts', name, `The file holds no receipts: ${asWrong(error).message}.`);
      return [];
    }
  }

  /** Check each receipt; returns the largest size that one holds for. */
  #checkReceipts(name: string, receipts: Receipt[]): number {
    const { found, feed, other } = this;
    let [covered, latest, backwards] = [0, 0n, 0];
    receipts.forEach((each, number) => {
      const at = this.#receipt(`${name}#${number}`, each);
      if (at !== undefined) {
        found.receipts += 1;
        covered = Math.max(covered, each.checkpoint.size);
        if (at < latest) backwards += 1;
        else latest = at;
      }
      const done = number + 1;
      if (done % TELL_RECEIPTS === 0 || done === receipts.length) {
        found.told({ what: 'receipts', party: feed.party, done, of: receipts.length });
      }
    });
    if (backwards > 0) {
      found.note('clock', name, `${backwards} receipts of ${other} are dated before an earlier one.`);
    }
    return covered;
  }

  /** When the mirror gave this receipt, if it holds. */
  #receipt(where: string, { checkpoint, lines }: Receipt): bigint | undefined {
    let at: bigint;
    try {
      if (lines.length > MAX_NOTE_BYTES) throw new Wrong('too_large', 'too long a line');
      at = cosignedAt(checkpoint, readSignatures(textOf(lines)), this.mirror.mirror);
    } catch (error) {
      this.found.fault('mirror', where, `Not a receipt of ${this.other}: ${asWrong(error).message}.`);
      return undefined;
    }
    const root = this.#roots.get(checkpoint.size);
    if (!root) this.found.fault('receipt_beyond', where, 'The receipt covers entries not in the feed.');
    else if (!same(root, checkpoint.root)) {
      this.found.fault('receipt_root', where, 'The receipt is for other entries than these.');
    } else return at;
    return undefined;
  }
}

/** Where the entry bundles of a feed of this size lie, in order (C2SP tlog-tiles). */
export function* pathsOf(size: number): Generator<string> {
  const full = Math.floor(size / WIDTH);
  for (let index = 0; index < full; index++) yield `tile/entries/${indexPath(index)}`;
  if (size % WIDTH > 0) yield `tile/entries/${indexPath(full)}.p/${size % WIDTH}`;
}

/** "zero-padded 3-digit path elements. All but the last path element MUST begin with an x." */
function indexPath(index: number): string {
  const groups = [String(index % 1_000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    groups.unshift(`x${String(rest % 1_000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

/** Entries, each behind its length in two bytes; Wrong if one is empty, cut short or too many. */
export function framed(raw: Uint8Array, limit = WIDTH, start = 0): Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let at = start; at < raw.length; ) {
    if (items.length === limit) throw new Wrong('too_large', `more than ${limit} entries`);
    const length = ((raw[at] ?? 0) << 8) | (raw[at + 1] ?? 0);
    const end = at + 2 + length;
    if (length === 0 || end > raw.length) throw new Wrong('malformed', 'an entry is empty or cut short');
    items.push(raw.subarray(at + 2, end));
    at = end;
  }
  return items;
}

/** The receipts of seven lines each, none of them verified; Wrong `malformed`. */
function readReceipts(raw: Uint8Array): Receipt[] {
  const found: Receipt[] = [];
  for (let at = 0; at < raw.length; ) {
    const ends: number[] = [];
    for (let end = at; ends.length < RECEIPT_LINES; ) {
      const newline = raw.indexOf(NEWLINE, end);
      if (newline < 0) throw new Wrong('malformed', 'a receipt has seven lines');
      ends.push((end = newline + 1));
    }
    const [, , headEnd = 0, gapEnd = 0, , linesEnd = 0, end = 0] = ends;
    if (gapEnd !== headEnd + 1 || end !== linesEnd + 1) throw new Wrong('malformed', 'a receipt has two gaps');
    const checkpoint = readCheckpoint(textOf(raw.subarray(at, headEnd)));
    found.push({ checkpoint, lines: raw.subarray(gapEnd, linesEnd) });
    at = end;
  }
  return found;
}
