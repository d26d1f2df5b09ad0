// Tree: the Merkle tree of RFC 6962, grown leaf by leaf; its root at any size that was passed.

import { sha256 } from '@noble/hashes/sha2.js';
import { joined } from './signed';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export class Tree {
  size = 0;
  /** The roots of the complete subtrees, the largest first. */
  #peaks: { height: number; hash: Uint8Array }[] = [];

  add(entry: Uint8Array): void {
    let grown = { height: 0, hash: sha256(joined(LEAF, entry)) };
    for (;;) {
      const last = this.#peaks.at(-1);
      if (last?.height !== grown.height) break;
      this.#peaks.pop();
      grown = { height: grown.height + 1, hash: sha256(joined(NODE, last.hash, grown.hash)) };
    }
    this.#peaks.push(grown);
    this.size += 1;
  }

  root(): Uint8Array {
    const [last, ...before] = [...this.#peaks].reverse();
    if (!last) return sha256(new Uint8Array());
    return before.reduce((hash, peak) => sha256(joined(NODE, peak.hash, hash)), last.hash);
  }
}
