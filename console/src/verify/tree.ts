// Tree: the Merkle tree of a feed. It keeps the roots of the complete subtrees alone, so that a
// feed of any length costs a few hashes. Source: RFC 6962, section 2.1; RFC 9162, section 2.1.

import { sha256 } from '@noble/hashes/sha2.js';
import { joined, same } from './bytes';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The root of a tree without leaves. */
export const EMPTY_ROOT = sha256(new Uint8Array());

export const leafHash = (entry: Uint8Array): Uint8Array => sha256(joined(LEAF, entry));
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(joined(NODE, left, right));

/** The right edge of a growing tree. */
export class Frontier {
  size = 0;
  /** The roots of the complete subtrees, the largest first. */
  readonly peaks: Uint8Array[] = [];

  /** A tree of which only the peaks are known; null if a tree of that size has other many. */
  static of(size: number, peaks: Uint8Array[]): Frontier | null {
    let complete = 0;
    for (let rest = BigInt(size); rest > 0n; rest >>= 1n) complete += Number(rest & 1n);
    if (complete !== peaks.length || peaks.some((each) => each.length !== 32)) return null;
    const frontier = new Frontier();
    frontier.size = size;
    frontier.peaks.push(...peaks);
    return frontier;
  }

  append(leaf: Uint8Array): void {
    let hash = leaf;
    // A size may be beyond 32 bits, where the bit operators of the language end.
    for (let size = this.size; size % 2 === 1; size = Math.floor(size / 2)) {
      hash = nodeHash(this.peaks.pop() as Uint8Array, hash);
    }
    this.peaks.push(hash);
    this.size += 1;
  }

  root(): Uint8Array {
    const last = this.peaks.at(-1);
    if (!last) return EMPTY_ROOT;
    return this.peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }
}

/** Whether the proof leads from the leaf at `index` to the root (RFC 9162, 2.1.3.2). */
export function isIncluded(
  leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: Uint8Array,
): boolean {
  if (index >= size) return false;
  let [fn, sn, hash] = [BigInt(index), BigInt(size - 1), leaf];
  for (const each of proof) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      hash = nodeHash(each, hash);
      while (fn !== 0n && (fn & 1n) === 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      hash = nodeHash(hash, each);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && same(hash, root);
}

/** Whether the proof shows that the new tree extends the old one (RFC 9162, 2.1.4.2). */
export function isConsistent(
  oldSize: number, oldRoot: Uint8Array, newSize: number, newRoot: Uint8Array, proof: Uint8Array[],
): boolean {
  if (oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && same(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && same(oldRoot, EMPTY_ROOT);
  let [fn, sn] = [BigInt(oldSize - 1), BigInt(newSize - 1)];
  while ((fn & 1n) === 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  const path = fn === 0n ? [oldRoot, ...proof] : proof;
  const first = path[0];
  if (!first) return false;
  let [left, right] = [first, first];
  for (const each of path.slice(1)) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      [left, right] = [nodeHash(each, left), nodeHash(each, right)];
      while (fn !== 0n && (fn & 1n) === 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      right = nodeHash(right, each);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && same(left, oldRoot) && same(right, newRoot);
}
