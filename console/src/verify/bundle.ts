// Bundle: checks a proof bundle whole, with nobody's node: every file, every entry, both signatures
// of every checkpoint and receipt, the terms and the keys in them, and evidence of a fork. A second
// implementation, written from protocol/2-bundle.md: it shares no code with the node.

import { openArchive, type Archive } from './archive';
import { Agreement } from './agreement';
import { asWrong, sha256Hex } from './bytes';
import { FeedCheck } from './feed';
import { judge, readFork } from './fork';
import { fingerprint, type PartyKeys, type Vkeys } from './keys';
import { faultOf, readKeyFile, readManifest, soundKeys, type Manifest } from './manifest';
import { Findings, type Progress, type Report } from './report';
import { originOf } from './signed';

/** The SHA-256 of the instructions that this version writes. They prove nothing, but changed ones
 * could lead a reader astray. */
const INSTRUCTIONS = 'fe29878289b6e7575353f7b5e257588a7c744ecb984648db9f3be71252896959';

/** Return what holds and what does not. Whatever the bytes are, it raises nothing; what it raises
 * is a defect of ours, or of the machine. */
export function verifyBundle(raw: Uint8Array, told: (progress: Progress) => void): Report {
  const found = new Findings(told);
  let archive: Archive;
  try {
    archive = openArchive(raw);
  } catch (error) {
    found.fault('archive', '', `${asWrong(error).message}.`);
    return found.report();
  }
  new BundleCheck(found, archive).run();
  return found.report();
}

class BundleCheck {
  readonly #used = new Set<string>();
  readonly #keys = new Map<string, PartyKeys>();
  /** By id, where the entry is. */
  readonly #ids = new Map<string, string>();
  readonly #references: { where: string; to: string[] }[] = [];

  constructor(
    private readonly found: Findings,
    private readonly archive: Archive,
  ) {}

  run(): void {
    const { found } = this;
    const readme = this.#read('README.txt');
    if (!readme || sha256Hex(readme) !== INSTRUCTIONS) {
      found.note('readme', 'README.txt', 'Not the instructions that this version writes.');
    }
    const manifest = this.#as('manifest.json', readManifest);
    const vkeys = this.#as('keys.json', readKeyFile);
    if (!manifest || !vkeys || !this.#identify(manifest, vkeys)) return;
    const agreement = new Agreement(found);
    agreement.read(this.archive, this.#read, manifest.terms);
    this.#readFeeds(manifest, agreement);
    this.#checkReferences();
    agreement.judge(vkeys);
    this.#judgeForks(manifest.forks);
    for (const name of this.archive.names) {
      if (!this.#used.has(name)) found.fault('unexpected_file', name, 'The file is no part of a record.');
    }
  }

  /** The bytes of a file, or undefined with a fault. */
  readonly #read = (name: string): Uint8Array | undefined => {
    this.#used.add(name);
    try {
      return this.archive.read(name);
    } catch (error) {
      this.found.fault('unreadable', name, `${asWrong(error).message}.`);
      return undefined;
    }
  };

  /** What a file of JSON is, or undefined with a fault. */
  #as<T>(name: string, reader: (raw: Uint8Array) => T): T | undefined {
    const raw = this.#read(name);
    if (!raw) return undefined;
    try {
      return reader(raw);
    } catch (error) {
      this.found.fault('malformed', name, `The file is not what it should be: ${asWrong(error).message}.`);
      return undefined;
    }
  }

  /** Take in whose record it is; false if it is nobody's, so that nothing further can be read. */
  #identify(manifest: Manifest, vkeys: Map<string, Vkeys>): boolean {
    const { found } = this;
    found.link = manifest.link;
    const [code, detail] = faultOf(manifest, vkeys) ?? [];
    if (code && detail) {
      found.fault(code, 'manifest.json', detail);
      return false;
    }
    const parties = manifest.feeds.map((each) => each.party);
    for (const party of parties) {
      try {
        const stated = vkeys.get(party) as Vkeys;
        this.#keys.set(party, soundKeys(party, stated, [...this.#keys.values()]));
      } catch (error) {
        found.fault('keys', 'keys.json', `The keys of ${party}: ${asWrong(error).message}.`);
      }
    }
    if (this.#keys.size < parties.length) return false;
    found.parties = parties;
    for (const [party, stated] of vkeys) found.fingerprints[party] = fingerprint(stated);
    for (const party of parties) {
      found.note('not_pinned', 'keys.json', `Compare the fingerprint of ${party} with one from elsewhere.`);
    }
    return true;
  }

  #readFeeds(manifest: Manifest, agreement: Agreement): void {
    const [first, second] = manifest.feeds;
    if (!first || !second) return;
    for (const [feed, other] of [[first, second.party], [second, first.party]] as const) {
      const [author, mirror] = [this.#keys.get(feed.party), this.#keys.get(other)];
      if (!author || !mirror) continue;
      new FeedCheck(this.found, this.archive, this.#read, feed, author, mirror, other).run((where, entry) => {
        const before = this.#ids.get(entry.id);
        if (before === undefined) this.#ids.set(entry.id, where);
        else this.found.fault('duplicate', where, `The id ${entry.id} is that of ${before}.`);
        if (entry.re.length > 0) this.#references.push({ where, to: entry.re });
        agreement.see(where, feed.party, entry);
      });
    }
  }

  #checkReferences(): void {
    for (const { where, to } of this.#references) {
      for (const id of to) {
        if (!this.#ids.has(id)) this.found.fault('reference', where, `It refers to ${id}, which is in no feed.`);
      }
    }
  }

  #judgeForks(count: number): void {
    const names = this.archive.names.filter((each) => each.startsWith('forks/'));
    if (names.length !== count) {
      this.found.fault('fork_count', 'manifest.json', 'Not as many forks as the manifest says.');
    }
    for (const name of names) {
      const fork = this.#as(name, readFork);
      if (!fork) continue;
      const keys = this.#keys.get(fork.party);
      const shown = keys
        ? judge(fork.evidence, originOf(this.found.link, fork.party), keys.author)
        : 'fork_unproven';
      this.found.fault(shown, name, FORKS[shown](fork.party));
    }
  }
}

const FORKS = {
  fork: (party: string) => `${party} signed two histories of one length.`,
  fork_claimed: (party: string) => `${party} gave entries that do not lead to what it signed.`,
  fork_unproven: (party: string) => `The evidence against ${party.slice(0, 40)} shows nothing.`,
};
