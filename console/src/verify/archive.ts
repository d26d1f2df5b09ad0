// Archive: named files in one ZIP, opened so that nothing in it can do harm: every limit is held
// against what the directory declares, before anything is unpacked, and no file yields more than it
// declared. It never knows what the files mean. Source: PKWARE APPNOTE 6.3, of which stored and
// deflated files alone are taken; the protocol's page 2, "File".

import { Inflate } from 'fflate';
import { textOf, Wrong } from './bytes';

export const MAX_ARCHIVE_BYTES = 2 ** 30;
const MAX_FILES = 65_536;
const MAX_FILE_BYTES = 2 ** 28;
const MAX_UNPACKED_BYTES = 2 ** 32;
const MAX_RATIO = 200;
const SLACK_BYTES = 2 ** 20;
const MAX_COMMENT_BYTES = 65_535;

// A name is never used as a path here, but others will unpack the file by hand.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES, END64_BYTES, LOCATOR64_BYTES] = [30, 46, 22, 56, 20];
const PIECE_BYTES = 2 ** 16;
const [STORED, DEFLATED] = [0, 8];
/** 6.3, as the format has it. */
const VERSION = 63;
/** Encrypted, patched, or strongly encrypted: never part of a record. */
const UNREADABLE_FLAGS = 0x1 | 0x20 | 0x40;

interface Place {
  method: number;
  crc: number;
  packed: number;
  size: number;
  at: number;
}

/** An opened archive. Its files are unpacked, and their checksums checked, when read. */
export class Archive {
  readonly names: string[];

  constructor(
    private readonly raw: Uint8Array,
    private readonly places: Map<string, Place>,
  ) {
    this.names = [...places.keys()].sort();
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /** The bytes of a file; Wrong `malformed` if it is missing, or is not what the directory says. */
  read(name: string): Uint8Array {
    const place = this.places.get(name);
    if (!place) throw new Wrong('malformed', `there is no ${name}`);
    const unpacked = this.#unpacked(name, place);
    // What is whole by its checksum is whole; only one that is longer would pass the limits by.
    if (unpacked.length > place.size) throw new Wrong('malformed', 'longer than it says');
    if (crc32(unpacked) !== place.crc) throw new Wrong('malformed', 'its checksum is wrong');
    return unpacked;
  }

  #unpacked(name: string, { at, method, packed, size }: Place): Uint8Array {
    const view = viewOf(this.raw);
    if (at + LOCAL_BYTES > view.byteLength || view.getUint32(at, true) !== LOCAL) {
      throw new Wrong('malformed', 'it is not where the directory says');
    }
    const named = at + LOCAL_BYTES;
    const start = named + view.getUint16(at + 26, true);
    if (nameOf(this.raw.subarray(named, start)) !== name) {
      throw new Wrong('malformed', 'it has another name than in the directory');
    }
    const from = start + view.getUint16(at + 28, true);
    const held = this.raw.subarray(from, from + packed);
    return method === STORED ? held : inflated(held, size);
  }
}

/** The archive that these bytes are; Wrong `malformed` or `too_large`. */
export function openArchive(raw: Uint8Array): Archive {
  if (raw.length > MAX_ARCHIVE_BYTES) throw new Wrong('too_large', 'more than 1 GiB');
  const view = viewOf(raw);
  if (raw.length < END_BYTES || view.getUint32(0, true) !== LOCAL) throw notZip();
  const { count, start, end } = directoryOf(view, endOf(view));
  if (count > MAX_FILES) throw new Wrong('too_large', 'more than 65,536 files');
  const places = new Map<string, Place>();
  let [at, unpacked] = [start, 0];
  for (let number = 0; number < count; number++) {
    const [name, place, next] = readPlace(raw, view, at, end);
    if (places.has(name)) throw new Wrong('malformed', `two files are named ${name}`);
    places.set(name, place);
    unpacked += place.size;
    at = next;
  }
  if (at !== end) throw notZip();
  if (unpacked > Math.min(MAX_UNPACKED_BYTES, MAX_RATIO * raw.length + SLACK_BYTES)) {
    throw new Wrong('too_large', 'it unpacks to more than any record');
  }
  return new Archive(raw, places);
}

function readPlace(raw: Uint8Array, view: DataView, at: number, end: number): [string, Place, number] {
  if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL) throw notZip();
  const lengths = [28, 30, 32].map((each) => view.getUint16(at + each, true));
  const named = at + CENTRAL_BYTES;
  const next = lengths.reduce((sum, each) => sum + each, named);
  if (next > end) throw notZip();
  const name = nameOf(raw.subarray(named, named + (lengths[0] ?? 0)));
  const place = {
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    at: view.getUint32(at + 42, true),
  };
  const fault = faultOf(name, raw[at + 6] ?? 0, view.getUint16(at + 8, true), place);
  if (fault) throw new Wrong('malformed', `${JSON.stringify(name.slice(0, 100))} ${fault}`);
  return [name, place, next];
}

function faultOf(name: string, version: number, flags: number, { method, size }: Place): string {
  if (!NAME.test(name)) return 'is no name for a file of a record';
  if (version > VERSION) return 'is of a later version of ZIP';
  if (method !== STORED && method !== DEFLATED) return 'is neither stored nor deflated';
  if ((flags & UNREADABLE_FLAGS) !== 0) return 'is encrypted';
  // A size that needs 64 bits is above this too.
  if (size > MAX_FILE_BYTES) return 'is larger than any file of a record';
  return '';
}

/** Where the end record is: the last one, with nothing but its comment behind it. */
function endOf(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--) {
    if (view.getUint32(at, true) === END && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw notZip();
}

/** How many files the directory lists, and where it begins and ends. */
function directoryOf(view: DataView, at: number): { count: number; start: number; end: number } {
  const [size, start] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
  let [count, end] = [view.getUint16(at + 10, true), at];
  // As many files as may be are one more than 16 bits can count, so there may be a 64-bit record.
  const locator = at - LOCATOR64_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR64) {
    end = Number(view.getBigUint64(locator + 8, true));
    if (end + END64_BYTES > locator || view.getUint32(end, true) !== END64) throw notZip();
    count = Number(view.getBigUint64(end + 32, true));
  }
  if (start + size !== end) throw notZip();
  return { count, start, end };
}

/** What deflated bytes unpack to; Wrong `malformed` if to more than they should. */
function inflated(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let length = 0;
  const inflate = new Inflate((piece) => {
    if (length + piece.length > size) throw new Wrong('malformed', 'longer than it says');
    out.set(piece, length);
    length += piece.length;
  });
  try {
    // Piece by piece, so that a file that unpacks to far more than it says is left at once. Whether
    // the last piece was the last of all, its checksum tells.
    for (let at = 0; at < packed.length; at += PIECE_BYTES) {
      inflate.push(packed.subarray(at, at + PIECE_BYTES));
    }
  } catch (error) {
    throw new Wrong('malformed', `it cannot be unpacked: ${(error as Error).message}`);
  }
  return out.subarray(0, length);
}

const notZip = (): Wrong => new Wrong('malformed', 'not a ZIP file, or cut short');
const viewOf = (raw: Uint8Array): DataView => new DataView(raw.buffer, raw.byteOffset, raw.byteLength);

/** A file's name; one that is no text is no name of a record's file either. */
function nameOf(raw: Uint8Array): string {
  try {
    return textOf(raw);
  } catch {
    return '';
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  return rest >>> 0;
});

function crc32(raw: Uint8Array): number {
  let crc = 0xffffffff;
  for (const each of raw) crc = (crc >>> 8) ^ (TABLE[(crc ^ each) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
