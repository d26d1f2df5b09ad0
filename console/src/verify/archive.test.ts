import { deflateSync, strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openArchive } from './archive';
import { hex, joined, textOf, Wrong } from './bytes';

const [LOCAL, CENTRAL, END] = ['504b0304', '504b0102', '504b0506'];

/** A ZIP of files, each with its text. */
const zip = (files: Record<string, string>, level: 0 | 6 = 6): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])), { level });

/** Where the last record with this mark begins. */
function last(raw: Uint8Array, mark: string): number {
  for (let at = raw.length - 4; at >= 0; at--) {
    if (hex(raw.subarray(at, at + 4)) === mark) return at;
  }
  throw new Error(`no ${mark}`);
}

/** The bytes with some put in, so far behind the last record with this mark. */
function patched(raw: Uint8Array, mark: string, offset: number, ...bytes: number[]): Uint8Array {
  const made = raw.slice();
  made.set(bytes, last(raw, mark) + offset);
  return made;
}

const refused = (raw: Uint8Array): void => expect(() => openArchive(raw)).toThrow(Wrong);
const unreadable = (raw: Uint8Array, name = 'a'): void => {
  const archive = openArchive(raw);
  expect(() => archive.read(name)).toThrow(Wrong);
};

describe('an archive', () => {
  it('gives back its files, stored or deflated, by their names in order', () => {
    for (const level of [0, 6] as const) {
      const archive = openArchive(zip({ 'b/c': 'two', a: 'one', empty: '' }, level));
      expect(archive.names).toEqual(['a', 'b/c', 'empty']);
      expect(['a', 'b/c', 'empty'].map((name) => textOf(archive.read(name)))).toEqual(['one', 'two', '']);
      expect([archive.has('a'), archive.has('c')]).toEqual([true, false]);
      expect(() => archive.read('c')).toThrow(Wrong);
    }
  });

  it('is opened though it has a comment, and not if more or less is behind it', () => {
    const whole = zip({ a: 'one' });
    const commented = joined(patched(whole, END, 20, 4), strToU8('said'));
    expect(textOf(openArchive(commented).read('a'))).toBe('one');
    refused(joined(whole, strToU8('more')));
    refused(commented.subarray(0, -1));
  });

  it('is refused whatever of its end or its directory is missing', () => {
    const whole = zip({ a: 'one', b: 'two' });
    for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length));
  });

  it.each([
    ['counts a file more', END, 10, [3]],
    ['counts a file fewer', END, 10, [1]],
    ['says that the directory is longer', END, 12, [0xff]],
    ['says that the directory is elsewhere', END, 16, [0xff]],
    ['says in its directory that a name is longer', CENTRAL, 28, [0xff]],
    ['says that a file has an extra field that it has not', CENTRAL, 30, [9]],
    ['needs a later version of ZIP', CENTRAL, 6, [64]],
    ['is encrypted', CENTRAL, 8, [1]],
    ['is strongly encrypted', CENTRAL, 8, [0x40]],
    ['is packed in a third way', CENTRAL, 10, [9]],
    ['says that a file has 256 MiB and a byte', CENTRAL, 24, [1, 0, 0, 0x10]],
    ['says that a file has more than the whole may unpack to', CENTRAL, 24, [0, 0, 0, 0x10]],
    ['has another beginning', LOCAL, 0, [0]],
  ] as const)('is refused if it %s', (what, mark, offset, bytes) => {
    const whole = what === 'has another beginning' ? zip({ a: 'one' }) : zip({ a: 'one', b: 'two' });
    refused(patched(whole, mark, offset, ...bytes));
  });

  it('is refused for a single file that is too large, however well it is packed', () => {
    // 256 MiB and a byte would be within the ratio of an archive of 2 MiB.
    const whole = zip({ a: 'one', b: 'x'.repeat(2 ** 21) }, 0);
    refused(patched(whole, CENTRAL, 24, 1, 0, 0, 0x10));
    expect(openArchive(patched(whole, CENTRAL, 24, 0, 0, 0, 0x10)).names).toEqual(['a', 'b']);
  });

  it.each(['', '../a', '/a', 'a/', 'a//b', './a', 'a/../b', 'a\\b', 'a\0', 'ä', '.a', 'C:a'])(
    'is refused for a name that is none of a record’s: %j',
    (name) => refused(zip({ [name]: 'one' })),
  );

  it('is refused if it is larger than any record, before anything is read of it', () => {
    expect(() => openArchive(new Uint8Array(2 ** 30 + 1))).toThrow('more than 1 GiB');
  });

  it('is refused for one name twice', () => {
    const whole = zip({ a: 'one', b: 'two' });
    refused(patched(patched(whole, LOCAL, 30, 0x61), CENTRAL, 46, 0x61));
  });

  it('is refused for more files than a record has', () => {
    const whole = zip({ a: '' });
    const entry = whole.subarray(last(whole, CENTRAL), last(whole, END));
    const many = 65_537;
    const names = Array.from({ length: many }, (_, n) => {
      const made = joined(entry, strToU8(n.toString(36).padStart(4, '0')));
      made.set([5], 28);
      return made;
    });
    const directory = joined(...names);
    const [start, size] = [last(whole, CENTRAL), directory.length];
    const number = (value: number, bytes: number): number[] =>
      Array.from({ length: bytes }, (_, n) => Math.floor(value / 256 ** n) % 256);
    const end64 = Uint8Array.of(
      0x50, 0x4b, 6, 6, ...number(44, 8), ...number(45, 4), ...number(0, 8), ...number(many, 8),
      ...number(many, 8), ...number(size, 8), ...number(start, 8),
    );
    const locator = Uint8Array.of(0x50, 0x4b, 6, 7, ...number(0, 4), ...number(start + size, 8), ...number(1, 4));
    const end = Uint8Array.of(0x50, 0x4b, 5, 6, 0, 0, 0, 0, 255, 255, 255, 255, ...number(size, 4), ...number(start, 4), 0, 0);
    const archive = (count: number): Uint8Array => {
      const counted = end64.slice();
      counted.set(number(count, 8), 32);
      return joined(whole.subarray(0, start), directory, counted, locator, end);
    };
    expect(() => openArchive(archive(many))).toThrow('more than 65,536 files');
    expect(() => openArchive(archive(many - 1))).toThrow('not a ZIP file'); // Read, and one too many there.
  });
});

describe('a file in an archive', () => {
  it('is read only if its checksum is right', () => {
    for (const level of [0, 6] as const) unreadable(patched(zip({ a: 'one' }, level), CENTRAL, 16, 0));
    const stored = zip({ a: 'one' }, 0);
    unreadable(patched(stored, LOCAL, 31, 0x4f));
  });

  it('is read only from where the directory says, under its name', () => {
    unreadable(patched(zip({ a: 'one' }), CENTRAL, 42, 1));
    unreadable(patched(zip({ a: 'one' }), LOCAL, 30, 0x62));
  });

  it('is never read longer than it says, stored or deflated', () => {
    unreadable(patched(zip({ a: 'one' }, 0), CENTRAL, 24, 2));
    unreadable(patched(zip({ a: 'one' }, 6), CENTRAL, 24, 2));
  });

  it('that unpacks to more than it says is left after its first piece', () => {
    const bomb = zipSync({ a: new Uint8Array(2 ** 24) });
    const packed = deflateSync(new Uint8Array(2 ** 24)).length;
    expect(packed).toBeLessThan(2 ** 16);
    const archive = openArchive(patched(bomb, CENTRAL, 24, 9, 0, 0, 0));
    expect(() => archive.read('a')).toThrow('longer than it says');
  });

  it('is not read if what is packed is no deflated file', () => {
    unreadable(patched(zip({ a: 'one'.repeat(99) }), LOCAL, 31, 0xff, 0xff));
  });
});
