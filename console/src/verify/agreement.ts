// Agreement: which terms both parties agreed to, by the hash that each of them said, and whether
// those documents are here and name this link and these keys. What the terms provide is not read.
// Source: the protocol's page 2, "Verify"; its page 7.

import type { Archive } from './archive';
import { asWrong, sha256Hex, Wrong } from './bytes';
import { hasExactly, isObject, readCanonical, type Json } from './canonical';
import type { Entry } from './entry';
import type { Read } from './feed';
import { isPartyName, readVkeys, spelled, type Vkeys } from './keys';
import type { Findings } from './report';

const HASH = /^[0-9a-f]{64}$/;
const MAX_PARTIES = 8;
const BEFORE_TERMS = '{"terms":'.length;

/** The terms documents of a bundle, and what its entries say of them. */
export class Agreement {
  readonly #documents = new Map<string, Json>();
  readonly #proposed = new Set<string>();
  readonly #agreed = new Map<string, string[]>();

  constructor(private readonly found: Findings) {}

  /** Read every document: its name must be its hash, and it canonical. */
  read(archive: Archive, read: Read, count: number): void {
    const names = archive.names.filter((each) => each.startsWith('terms/'));
    if (names.length !== count) {
      this.found.fault('terms_count', 'manifest.json', 'Not as many terms as the manifest says.');
    }
    for (const name of names) {
      const raw = read(name);
      if (!raw) continue;
      const digest = sha256Hex(raw);
      try {
        if (name === `terms/${digest}.json`) this.#documents.set(digest, readCanonical(raw));
      } catch (error) {
        asWrong(error);
      }
      if (!this.#documents.has(digest) || name !== `terms/${digest}.json`) {
        this.found.fault('terms_hash', name, 'The file is not the document that it is named for.');
      }
    }
    const held = this.#documents.size;
    if (held > 0 && held === names.length) this.found.told({ what: 'terms', party: '', done: held, of: held });
  }

  /** Take note of what an entry says of terms. */
  see(where: string, party: string, { kind, body, raw }: Entry): void {
    const { hash } = body;
    if (kind === 'terms.proposed' && hasExactly(body, ['terms'])) {
      this.#proposed.add(sha256Hex(raw.subarray(BEFORE_TERMS, -1)));
    } else if (kind === 'terms.agreed' && hasExactly(body, ['hash']) && typeof hash === 'string' && HASH.test(hash)) {
      const by = this.#agreed.get(hash) ?? [];
      if (!by.includes(party)) this.#agreed.set(hash, [...by, party]);
    } else if (kind === 'terms.proposed' || kind === 'terms.agreed') {
      this.found.fault('terms_body', where, `The body is not that of ${kind}.`);
    }
  }

  /** Say what all entries together agreed to. */
  judge(keys: Map<string, Vkeys>): void {
    for (const [hash, by] of this.#agreed) {
      const name = `terms/${hash}.json`;
      this.found.terms.push({ hash, by });
      const document = this.#documents.get(hash);
      if (document === undefined) {
        this.found.fault('terms_missing', name, 'The document that was agreed is not here.');
        continue;
      }
      this.#check(name, document, keys);
      if (by.length === 1) this.found.note('half_agreed', name, `Only ${by[0]} has agreed to these terms.`);
      if (!this.#proposed.has(hash)) {
        this.found.note('not_proposed', name, 'No entry proposes the terms that were agreed.');
      }
    }
    for (const hash of this.#documents.keys()) {
      if (!this.#agreed.has(hash) && !this.#proposed.has(hash)) {
        this.found.note('stray_terms', `terms/${hash}.json`, 'No entry names this document.');
      }
    }
    if (![...this.#agreed.values()].some((by) => by.length === 2)) {
      this.found.note('no_terms', 'terms/', 'No terms are agreed by both: nothing here binds the keys to them.');
    }
  }

  #check(name: string, document: Json, keys: Map<string, Vkeys>): void {
    const parties = partiesOf(document);
    if (!parties || !isObject(document)) {
      this.found.fault('terms_shape', name, 'The document does not name the link and the parties.');
      return;
    }
    if (document['link'] !== this.found.link) {
      this.found.fault('terms_link', name, 'The terms are those of another link.');
    }
    const named = new Map(parties);
    const alike = [...keys].every(([party, stated]) => {
      const terms = named.get(party);
      return terms !== undefined && spelled(terms) === spelled(stated);
    });
    if (!alike || named.size !== keys.size || parties.length !== keys.size) {
      this.found.fault('terms_keys', name, 'The terms name other parties or keys than keys.json.');
    }
  }
}

/** The parties that a document names, with their keys; undefined if it has another shape. */
function partiesOf(document: Json): [string, Vkeys][] | undefined {
  if (!isObject(document) || typeof document['link'] !== 'string') return undefined;
  const parties = document['parties'];
  if (!Array.isArray(parties) || parties.length > MAX_PARTIES) return undefined;
  try {
    return parties.map((each) => {
      const { party, keys } = isObject(each) ? each : {};
      const name = typeof party === 'string' && isPartyName(party) ? party : undefined;
      if (name === undefined) throw new Wrong('malformed', 'not a party');
      return [name, readVkeys(keys)];
    });
  } catch (error) {
    asWrong(error);
    return undefined;
  }
}
