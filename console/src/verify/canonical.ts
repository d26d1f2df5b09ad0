// Canonical JSON: RFC 8785 with the four restrictions of the protocol's page 1. It reads text that
// is spelled so, and refuses all else; it never mends a spelling, and never writes one.

import { textOf, Wrong } from './bytes';

export type Json = null | boolean | number | string | Json[] | JsonObject;
/** Without a prototype: a key may be any ASCII, `__proto__` too. */
export interface JsonObject {
  [key: string]: Json;
}

const MAX_DEPTH = 32;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/;
/** Whatever is spelled longer is no integer of 53 bits. */
const MAX_NUMBER_CHARS = 32;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const WHOLE = /^-?[0-9]+$/;
const ASCII = /^[\u0000-\u007f]*$/;
const LONE = /\p{Surrogate}/u;
const SHORT: Record<string, string> = {
  '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t',
};
const SHORTEST = new Map(
  Object.entries(SHORT).filter(([letter]) => letter !== '/').map(([letter, char]) => [char, letter]),
);

/** The value of canonical JSON; Wrong `malformed` or `not_canonical`. A text that is both is
 * `malformed`, so another spelling is told only when the end is reached. */
export function readCanonical(raw: Uint8Array): Json {
  const reader = new Reader(textOf(raw));
  const value = reader.value(0);
  reader.space();
  if (!reader.atEnd()) throw new Wrong('malformed', 'more than one value');
  if (reader.other) throw new Wrong('not_canonical', reader.other);
  return value;
}

/** Whether a value is an object. */
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an object has exactly these keys. */
export const hasExactly = (value: JsonObject, keys: readonly string[]): boolean =>
  Object.keys(value).length === keys.length && keys.every((key) => key in value);

class Reader {
  /** Why the text is not the canonical one; empty if it is so far. */
  other = '';
  #at = 0;

  constructor(readonly text: string) {}

  atEnd = (): boolean => this.#at === this.text.length;

  space(): void {
    const start = this.#at;
    while (' \t\n\r'.includes(this.text[this.#at] ?? '-')) this.#at += 1;
    if (this.#at > start) this.other ||= 'white space';
  }

  value(depth: number): Json {
    this.space();
    const first = this.text[this.#at];
    if (first === '"') return this.#string();
    if (first === '{') return this.#object(depth + 1);
    if (first === '[') return this.#array(depth + 1);
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    if (this.#word('null')) return null;
    return this.#number();
  }

  #number(): number {
    const spelled = NUMBER.exec(this.text.slice(this.#at, this.#at + MAX_NUMBER_CHARS))?.[0];
    if (!spelled) throw new Wrong('malformed', 'no JSON');
    if (!WHOLE.test(spelled)) throw new Wrong('malformed', 'a fraction or an exponent');
    this.#at += spelled.length;
    const value = Number(spelled);
    if (!Number.isSafeInteger(value)) throw new Wrong('malformed', 'an integer beyond 53 bits');
    if (spelled === '-0') this.other ||= 'minus zero';
    return value === 0 ? 0 : value;
  }

  #array(depth: number): Json[] {
    this.#open(depth);
    const found: Json[] = [];
    if (this.#next(']')) return found;
    do found.push(this.value(depth));
    while (this.#next(','));
    this.#must(']');
    return found;
  }

  #object(depth: number): JsonObject {
    this.#open(depth);
    const found = Object.create(null) as JsonObject;
    if (this.#next('}')) return found;
    let before: string | null = null;
    do {
      this.space();
      const key = this.#string();
      if (!ASCII.test(key)) this.other ||= 'a key that is not ASCII';
      if (before !== null && key <= before) this.other ||= 'keys out of order';
      this.#must(':');
      found[key] = this.value(depth);
      before = key;
    } while (this.#next(','));
    this.#must('}');
    return found;
  }

  #open(depth: number): void {
    if (depth > MAX_DEPTH) throw new Wrong('malformed', 'nested too deep');
    this.#at += 1;
  }

  #string(): string {
    this.#must('"');
    let found = this.#plain();
    while (this.text[this.#at] === '\\') found += this.#escape() + this.#plain();
    this.#must('"');
    if (LONE.test(found)) throw new Wrong('malformed', 'half a surrogate pair');
    return found;
  }

  /** One escape. Canonical are the short ones, but for the slash, and lower-case \u00xx for the
   * other control characters. */
  #escape(): string {
    const letter = this.text[this.#at + 1] ?? '';
    const short = SHORT[letter];
    if (short !== undefined) {
      this.#at += 2;
      if (letter === '/') this.other ||= 'an escape too many';
      return short;
    }
    const digits = this.text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw new Wrong('malformed', 'no JSON');
    }
    this.#at += 6;
    const char = String.fromCharCode(parseInt(digits, 16));
    if (char >= ' ' || SHORTEST.has(char) || digits !== digits.toLowerCase()) {
      this.other ||= 'another escape than the shortest';
    }
    return char;
  }

  /** What stands for itself in a string. Not a pattern: a string may be long enough to exhaust one. */
  #plain(): string {
    const start = this.#at;
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      // Beyond the end it is no number, so that this is false.
      if (!(code >= 0x20) || code === QUOTE || code === BACKSLASH) break;
      this.#at += 1;
    }
    return this.text.slice(start, this.#at);
  }

  #word(word: string): boolean {
    if (!this.text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #next(char: string): boolean {
    this.space();
    return this.#word(char);
  }

  #must(char: string): void {
    if (char !== '"') this.space();
    if (!this.#word(char)) throw new Wrong('malformed', 'no JSON');
  }
}
