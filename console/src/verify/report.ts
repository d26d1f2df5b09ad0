// Report: what a check found: what does not hold, what a reader should know, and how much holds.
// It never says who is to blame. The codes are those of the protocol's page 2, "Verify".

/** How many faults are listed; the last one then says that there are more. */
export const MAX_FAULTS = 1_000;

export interface Found {
  code: string;
  /** The file, and behind a `#` the entry's index or the receipt's number in it. */
  where: string;
  /** One sentence, for engineers. */
  detail: string;
}

const COUNTS = ['size', 'terms_count', 'receipt_count', 'fork_count'];

/** The code by which the page has words for what a fault means: some mean the same to a person. */
export function meant(code: string): string {
  if (code.startsWith('entry_')) return 'entry';
  return COUNTS.includes(code) ? 'count' : code;
}

/** A terms document, and the parties whose feeds agree to it. */
export interface Agreed {
  hash: string;
  by: string[];
}

export interface Report {
  verified: boolean;
  link: string;
  parties: string[];
  /** By party: what two people compare. */
  fingerprints: Record<string, string>;
  terms: Agreed[];
  /** How many entries were read. */
  entries: number;
  /** How many feeds have the root that their author signed. */
  feeds: number;
  /** How many receipts hold. */
  receipts: number;
  faults: Found[];
  notes: Found[];
}

/** What is being checked, for people to see; `feed` and `terms` are told only of what holds. */
export interface Progress {
  what: 'entries' | 'receipts' | 'feed' | 'terms';
  party: string;
  done: number;
  of: number;
}

/** A report in the making. */
export class Findings implements Omit<Report, 'verified'> {
  link = '';
  parties: string[] = [];
  fingerprints: Record<string, string> = {};
  terms: Agreed[] = [];
  entries = 0;
  feeds = 0;
  receipts = 0;
  readonly faults: Found[] = [];
  readonly notes: Found[] = [];

  constructor(readonly told: (progress: Progress) => void) {}

  fault(code: string, where: string, detail: string): void {
    if (this.faults.length < MAX_FAULTS - 1) this.faults.push({ code, where, detail });
    else if (this.faults.length < MAX_FAULTS) {
      this.faults.push({ code: 'too_many', where: '', detail: 'There are more faults.' });
    }
  }

  note(code: string, where: string, detail: string): void {
    if (this.notes.length < MAX_FAULTS) this.notes.push({ code, where, detail });
  }

  report(): Report {
    const { link, parties, fingerprints, terms, entries, feeds, receipts, faults, notes } = this;
    const verified = faults.length === 0;
    return { verified, link, parties, fingerprints, terms, entries, feeds, receipts, faults, notes };
  }
}
