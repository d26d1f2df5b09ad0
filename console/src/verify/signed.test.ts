import { ed25519 } from '@noble/curves/ed25519.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { describe, expect, it } from 'vitest';
import { eightBytes, joined, utf8, Wrong } from './bytes';
import { readSignatures } from './note';
import { cosignedAt, openCheckpoint, originOf, readCheckpoint } from './signed';
import { EMPTY_ROOT } from './tree';
import { encoded, keysOfParty, LINK, secretsOf } from './vectors';

const ORIGIN = originOf(LINK, 'blue');
const HEAD = `${ORIGIN}\n3\n${encoded(new Uint8Array(32).fill(7))}\n`;
const { author } = keysOfParty('blue');
const { mirror } = keysOfParty('red');

/** The `cosigned_message` of a checkpoint, made here from its specification. */
function cosigned(text: string, signer: string, seconds: number): Uint8Array {
  const { origin, size, root } = readCheckpoint(text);
  const length = (of: string): Uint8Array => Uint8Array.of(utf8(of).length);
  return joined(
    utf8('subtree/v1\n\0'), length(signer), utf8(signer), eightBytes(BigInt(seconds)),
    length(origin), utf8(origin), eightBytes(0n), eightBytes(BigInt(size)), root,
  );
}

const line = (name: string, id: Uint8Array, raw: Uint8Array): string => `— ${name} ${encoded(joined(id, raw))}\n`;

interface Changed {
  ed25519?: (raw: Uint8Array) => Uint8Array;
  mlDsa?: (raw: Uint8Array) => Uint8Array;
  /** What is signed, if another text than is shown. */
  signs?: string;
  seconds?: [number, number];
  /** What the ML-DSA-44 line shows as its time, if another than it signs. */
  shown?: number;
}
const kept = (raw: Uint8Array): Uint8Array => raw;
const flipped = (raw: Uint8Array): Uint8Array => raw.map((each, at) => (at === 40 ? each ^ 1 : each));

function signed(text: string, changed: Changed = {}): Uint8Array {
  const [classical, lattice] = secretsOf('blue', 'author');
  const signs = changed.signs ?? text;
  const one = (changed.ed25519 ?? kept)(ed25519.sign(utf8(signs), classical));
  const seconds = changed.seconds?.[1] ?? 0;
  const two = (changed.mlDsa ?? kept)(ml_dsa44.sign(cosigned(signs, author.mlDsa.name, seconds), lattice));
  return utf8(
    `${text}\n${line(author.ed25519.name, author.ed25519.id, one)}` +
      line(author.mlDsa.name, author.mlDsa.id, joined(eightBytes(BigInt(changed.shown ?? seconds)), two)),
  );
}

function receipt(text: string, { seconds = [60, 60], ...changed }: Changed = {}): string {
  const [classical, lattice] = secretsOf('red', 'mirror');
  const [first, second] = seconds;
  const one = ed25519.sign(utf8(`cosignature/v1\ntime ${first}\n${text}`), classical);
  const two = ml_dsa44.sign(cosigned(text, mirror.mlDsa.name, second), lattice);
  return (
    line(mirror.ed25519.name, mirror.ed25519.id, joined(eightBytes(BigInt(first)), (changed.ed25519 ?? kept)(one))) +
    line(mirror.mlDsa.name, mirror.mlDsa.id, joined(eightBytes(BigInt(changed.shown ?? second)), (changed.mlDsa ?? kept)(two)))
  );
}

const opened = (raw: Uint8Array): (() => unknown) => () => openCheckpoint(raw, ORIGIN, author);
const given = (lines: string): (() => unknown) => () => cosignedAt(readCheckpoint(HEAD), readSignatures(lines), mirror);
const longer = (raw: Uint8Array): Uint8Array => joined(raw, Uint8Array.of(0));

describe('a checkpoint', () => {
  it('is its author’s if both signatures hold', () => {
    expect(openCheckpoint(signed(HEAD), ORIGIN, author).size).toBe(3);
  });

  it.each([
    ['Ed25519', { ed25519: flipped }],
    ['ML-DSA-44', { mlDsa: flipped }],
    ['both, for another text', { signs: HEAD.replace('\n3\n', '\n4\n') }],
    ['ML-DSA-44, with a time', { seconds: [0, 60] as [number, number] }],
    ['ML-DSA-44, with a time beside it', { shown: 60 }],
    ['Ed25519, a byte longer', { ed25519: longer }],
    ['ML-DSA-44, a byte longer', { mlDsa: longer }],
  ])('is worthless if one signature fails: %s', (_, changed) => {
    expect(opened(signed(HEAD, changed))).toThrow(Wrong);
  });

  it('is worthless if its Ed25519 signature is another spelling of the same', () => {
    // s and s + L are one number to the curve; who takes both lets anyone make a second signature.
    const malleable = (raw: Uint8Array): Uint8Array => {
      let sum = [...raw.subarray(32)].reduceRight((all, each) => (all << 8n) | BigInt(each), 0n) + ed25519.Point.Fn.ORDER;
      const s = Uint8Array.from({ length: 32 }, () => {
        const byte = Number(sum & 0xffn);
        sum >>= 8n;
        return byte;
      });
      return joined(raw.subarray(0, 32), s);
    };
    expect(opened(signed(HEAD, { ed25519: malleable }))).toThrow(Wrong);
  });

  it('has three lines, an origin of at most 255 bytes, and the empty root if it is empty', () => {
    const text = (origin: string, size: string, root: Uint8Array): string => `${origin}\n${size}\n${encoded(root)}\n`;
    expect(readCheckpoint(text('a'.repeat(255), '0', EMPTY_ROOT)).size).toBe(0);
    for (const wrong of [
      text('a'.repeat(256), '0', EMPTY_ROOT),
      text('a', '0', new Uint8Array(32)),
      text('a', '01', new Uint8Array(32)),
      text('a', '9007199254740992', new Uint8Array(32)),
      text('a', '1', new Uint8Array(31)),
      text('', '1', new Uint8Array(32)),
      `${text('a', '1', new Uint8Array(32))}extension\n`,
      text('a', '1', new Uint8Array(32)).slice(0, -1),
    ]) {
      expect(() => readCheckpoint(wrong)).toThrow(Wrong);
    }
    expect(readCheckpoint(text('a', '9007199254740991', new Uint8Array(32))).size).toBe(2 ** 53 - 1);
  });
});

describe('a receipt', () => {
  it('says when the mirror had stored all', () => {
    expect(cosignedAt(readCheckpoint(HEAD), readSignatures(receipt(HEAD)), mirror)).toBe(60n);
  });

  it.each([
    ['Ed25519', receipt(HEAD, { ed25519: flipped })],
    ['ML-DSA-44', receipt(HEAD, { mlDsa: flipped })],
    ['for another head', receipt(HEAD.replace('\n3\n', '\n4\n'))],
    ['of two times', receipt(HEAD, { seconds: [60, 61] })],
    ['of a time that it did not sign', receipt(HEAD, { shown: 61 })],
    ['of no time', receipt(HEAD, { seconds: [0, 0] })],
    ['of a time after the year 9999', receipt(HEAD, { seconds: [253_402_300_800, 253_402_300_800] })],
    ['given twice', receipt(HEAD) + receipt(HEAD)],
    ['of one key', receipt(HEAD).split('\n')[0] + '\n'],
  ])('is worthless: %s', (_, lines) => {
    expect(given(lines)).toThrow(Wrong);
  });
});
