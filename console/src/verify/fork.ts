// Fork: evidence that one party stated two histories. Two roots of one size convict it alone and for
// ever; entries that do not lead from the first to the second show what was received, which the
// author may rebut. Source: the protocol's page 1, "Fork".

import { same, unbase64, Wrong } from './bytes';
import { hasExactly, isObject, readCanonical, type Json } from './canonical';
import type { Pair } from './keys';
import { openCheckpoint } from './signed';
import { Frontier, leafHash } from './tree';

export interface Evidence {
  first: Uint8Array;
  second: Uint8Array;
  /** The roots of the complete subtrees of the first; none if the sizes are equal. */
  peaks: Uint8Array[];
  /** What was given as the way from the first to the second. */
  entries: Uint8Array[];
}

/** The code for what the evidence shows. */
export type Shown = 'fork' | 'fork_claimed' | 'fork_unproven';

/** The party and the evidence in a file of `forks/`; Wrong if it has another shape. */
export function readFork(raw: Uint8Array): { party: string; evidence: Evidence } {
  const value = readCanonical(raw);
  if (!isObject(value) || !hasExactly(value, ['evidence', 'party'])) throw shapeless();
  const { evidence, party } = value;
  if (typeof party !== 'string' || !isObject(evidence)) throw shapeless();
  if (!hasExactly(evidence, ['entries', 'first', 'peaks', 'second'])) throw shapeless();
  const { entries, first, peaks, second } = evidence;
  return {
    party,
    evidence: { first: bytesOf(first), second: bytesOf(second), peaks: allOf(peaks), entries: allOf(entries) },
  };
}

/** What the evidence shows of the feed of this origin and author. */
export function judge({ first, second, peaks, entries }: Evidence, origin: string, author: Pair): Shown {
  try {
    const [one, other] = [first, second].map((each) => openCheckpoint(each, origin, author));
    if (!one || !other) return 'fork_unproven';
    if (peaks.length === 0) {
      const two = one.size === other.size && !same(one.root, other.root);
      return two && entries.length === 0 ? 'fork' : 'fork_unproven';
    }
    const edge = Frontier.of(one.size, peaks);
    // The peaks must be the first checkpoint's own, or the mirror could make them up.
    if (!edge || !same(edge.root(), one.root)) return 'fork_unproven';
    if (entries.length === 0 || other.size - one.size !== entries.length) return 'fork_unproven';
    for (const each of entries) edge.append(leafHash(each));
    return same(edge.root(), other.root) ? 'fork_unproven' : 'fork_claimed';
  } catch (error) {
    if (error instanceof Wrong) return 'fork_unproven';
    throw error;
  }
}

function bytesOf(value: Json | undefined): Uint8Array {
  if (typeof value !== 'string') throw shapeless();
  return unbase64(value);
}

function allOf(value: Json | undefined): Uint8Array[] {
  if (!Array.isArray(value)) throw shapeless();
  return value.map(bytesOf);
}

const shapeless = (): Wrong => new Wrong('malformed', 'not the fields of evidence');
