// The parts of the verifier at their edges: what no published vector goes to.

import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import page from '../../../protocol/2-bundle.md?raw';
import english from '../../words/en.json';
import { Agreement } from './agreement';
import { openArchive } from './archive';
import { hex, joined, unbase64, utf8, Wrong } from './bytes';
import { verifyBundle } from './bundle';
import { readCanonical } from './canonical';
import { isInstant, readEntry } from './entry';
import { framed, pathsOf } from './feed';
import { keysFor, readVkeys, type Vkeys } from './keys';
import { faultOf, readKeyFile, readManifest, soundKeys } from './manifest';
import { readNote } from './note';
import { Findings, MAX_FAULTS, meant } from './report';
import { edited, encoded, FILES, keysOfParty, RECORD } from './vectors';

const file = (name: string): Uint8Array => FILES[name] as Uint8Array;
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const reasonOf = (what: () => unknown): string => {
  try {
    what();
    return 'accepted';
  } catch (error) {
    if (error instanceof Wrong) return error.reason;
    throw error;
  }
};
const codesOf = (raw: Uint8Array): string[] => verifyBundle(raw, () => undefined).faults.map((each) => each.code);

describe('canonical JSON', () => {
  it.each([
    ['"\\/"', 'not_canonical'], ['"\\u001F"', 'not_canonical'], ['"\\u0041"', 'not_canonical'],
    ['"\\u000a"', 'not_canonical'], ['"\\u001f"', 'accepted'], ['"\\n\\"\\\\"', 'accepted'],
    ['"\\ud83d\\ude00"', 'not_canonical'], ['"😀"', 'accepted'], ['"\\ude00\\ud83d"', 'malformed'],
    ['"a\nb"', 'malformed'], ['"a', 'malformed'], ['"\\x"', 'malformed'], ['"\\u12', 'malformed'],
    [' 1', 'not_canonical'], ['1\n', 'not_canonical'], ['1 2', 'malformed'], ['', 'malformed'],
    ['01', 'malformed'], ['+1', 'malformed'], ['-', 'malformed'], ['1e400', 'malformed'],
    ['9'.repeat(400), 'malformed'], ['-9007199254740992', 'malformed'], ['true', 'accepted'], ['tru', 'malformed'],
    ['[1,]', 'malformed'], ['{"a":1,}', 'malformed'], ['{a:1}', 'malformed'], ['[1', 'malformed'],
    ['{"__proto__":1}', 'accepted'], ['{"a":1,"B":2}', 'not_canonical'], ['{"B":1,"a":2}', 'accepted'],
    ['\ufeff1', 'malformed'], ['\u00a01', 'malformed'],
  ])('%j is %s', (text, outcome) => {
    expect(reasonOf(() => readCanonical(utf8(text)))).toBe(outcome);
  });

  it('is read however long a text or a gap in it is', () => {
    const long = 'x'.repeat(20_000_000);
    expect(readCanonical(utf8(`"${long}"`))).toHaveLength(long.length);
    expect(reasonOf(() => readCanonical(utf8(`${' '.repeat(20_000_000)}1`)))).toBe('not_canonical');
    expect(reasonOf(() => unbase64(`${long.slice(1)}!`))).toBe('malformed');
  });
});

describe('base64', () => {
  it.each([['', 'accepted'], ['AA==', 'accepted'], ['AAA=', 'accepted'], ['AB==', 'malformed'], ['AAB=', 'malformed'],
    ['AA=A', 'malformed'], ['====', 'malformed'], ['A===', 'malformed'], ['AAA', 'malformed'], ['AA-_', 'malformed'], ['AAA=\n', 'malformed'],
  ])('%j is %s', (text, outcome) => {
    expect(reasonOf(() => unbase64(text))).toBe(outcome);
  });
});

describe('an entry', () => {
  const fields = { at: '2026-11-23T14:25:07.120Z', body: {}, id: '01a208cb-da30-7000-90ad-e30643c74915', kind: 'a.b', re: [], v: 1 };
  const outcome = (changes: object): string => reasonOf(() => readEntry(json({ ...fields, ...changes })));

  it.each([
    [{ kind: `${'a'.repeat(62)}.b` }, 'accepted'], [{ kind: `${'a'.repeat(63)}.b` }, 'malformed'],
    [{ at: '1969-12-31T23:59:59.999Z' }, 'malformed'], [{ at: '1970-01-01T00:00:00.000Z' }, 'accepted'],
    [{ at: '9999-12-31T23:59:59.999Z' }, 'accepted'], [{ at: '2026-11-23T24:00:00.000Z' }, 'malformed'],
    [{ at: '2026-02-29T00:00:00.000Z' }, 'malformed'], [{ at: '2026-11-23T23:59:60.000Z' }, 'malformed'],
    [{ v: '1' }, 'malformed'], [{ v: 0 }, 'unknown_version'], [{ v: 2, w: 1 }, 'unknown_version'],
    [{ w: 1, re: 7 }, 'unknown_field'], [{ re: ['x'] }, 'malformed'], [{ id: fields.id.toUpperCase() }, 'malformed'],
    [{ kind: 'a.b\n' }, 'malformed'], [{ body: [] }, 'malformed'],
  ])('with %j is %s', (changes, wanted) => {
    expect(outcome(changes)).toBe(wanted);
  });

  it('keeps its body as it was received', () => {
    const body = { n: 1, text: 'Übung "x"' };
    const entry = readEntry(json({ ...fields, body, re: [fields.id, fields.id] }));
    expect(entry.raw).toEqual(json(body));
    expect(isInstant(entry.at)).toBe(true);
  });
});

describe('keys', () => {
  const published = readKeyFile(file('keys.json'));
  const vkeys = (party: string): Vkeys => published.get(party) as Vkeys;
  const vkey = (name: string, type: number, raw: Uint8Array): string => {
    const material = joined(Uint8Array.of(type), raw);
    return `${name}+${hex(sha256(joined(utf8(`${name}\n`), material)).subarray(0, 4))}+${encoded(material)}`;
  };
  const withAuthor = (raw: Uint8Array, type = 1): Vkeys => ({
    ...vkeys('red'), author: [vkey('clearline/red/author', type, raw), vkeys('red').author[1]],
  });

  it('are the party’s own kind, a point that not everyone can sign for', () => {
    const good = keysOfParty('red').author.ed25519.raw;
    expect(reasonOf(() => keysFor('red', withAuthor(good)))).toBe('accepted');
    expect(reasonOf(() => keysFor('red', withAuthor(good, 4)))).toBe('not_yours');
    expect(reasonOf(() => keysFor('red', withAuthor(good.subarray(1))))).toBe('not_yours');
    const [zero, one] = [new Uint8Array(32), Uint8Array.from({ length: 32 }, (_, n) => Number(n === 0))];
    for (const small of [zero, one, new Uint8Array(32).fill(255)]) {
      expect(reasonOf(() => keysFor('red', withAuthor(small)))).toBe('not_yours');
    }
  });

  it('serve once: no key of one party is one of the other’s', () => {
    const blue = keysOfParty('blue');
    const taken = withAuthor(blue.author.ed25519.raw);
    expect(reasonOf(() => soundKeys('red', vkeys('red'), [blue]))).toBe('accepted');
    expect(reasonOf(() => soundKeys('red', taken, []))).toBe('accepted');
    expect(reasonOf(() => soundKeys('red', taken, [blue]))).toBe('not_yours');
    const raw = json({ blue: vkeys('blue'), red: taken });
    expect(codesOf(edited({ 'keys.json': raw }))).toEqual(['keys']);
  });

  it('are two texts of 16 to 2,048 characters for each role', () => {
    const shape = (author: unknown): string =>
      reasonOf(() => readVkeys(readCanonical(json({ author, mirror: vkeys('red').mirror }))));
    const [one, other] = ['x'.repeat(16), 'x'.repeat(2_048)];
    expect(shape([one, other])).toBe('accepted');
    for (const wrong of [[one], [one, one, one], [one.slice(1), one], [one, `${other}x`], [one, 1], 'x', null]) {
      expect(shape(wrong)).toBe('malformed');
    }
  });
});

describe('a manifest', () => {
  const text = new TextDecoder().decode(file('manifest.json'));
  const outcome = (old: string, put: string): string => {
    expect(text).toContain(old);
    return reasonOf(() => readManifest(utf8(text.replace(old, put))));
  };

  it('names a link by a UUIDv7, and when and by whom it was exported', () => {
    expect(reasonOf(() => readManifest(utf8(text)))).toBe('accepted');
    expect(outcome('-7000-', '-8000-')).toBe('malformed');
    expect(outcome('2026-11-23', '2026-13-23')).toBe('malformed');
    expect(outcome('"forks":0', '"forks":"0"')).toBe('malformed');
    expect(outcome('"exported_by":"blue"', '"exported_by":1')).toBe('malformed');
    expect(outcome('"size":7', '"sizf":7')).toBe('malformed');
  });

  it('is of exactly two parties', () => {
    const manifest = readManifest(file('manifest.json'));
    const keys = readKeyFile(file('keys.json'));
    expect(faultOf(manifest, keys)).toBeUndefined();
    expect(faultOf({ ...manifest, feeds: [...manifest.feeds, ...manifest.feeds] }, keys)?.[0]).toBe('parties');
    expect(faultOf({ ...manifest, feeds: manifest.feeds.slice(1) }, keys)?.[0]).toBe('parties');
  });
});

describe('a feed', () => {
  it('lies in files of 256 entries, named as tiles are', () => {
    expect([...pathsOf(0)]).toEqual([]);
    expect([...pathsOf(256)]).toEqual(['tile/entries/000']);
    expect([...pathsOf(513)]).toEqual(['tile/entries/000', 'tile/entries/001', 'tile/entries/002.p/1']);
    expect([...pathsOf(256_000)].at(-1)).toBe('tile/entries/999');
    expect([...pathsOf(256_001)].at(-1)).toBe('tile/entries/x001/000.p/1');
  });

  it('has at most 256 entries a file, none of them empty', () => {
    const entry = Uint8Array.of(0, 1, 0x7b);
    const many = (count: number): Uint8Array => joined(...Array.from({ length: count }, () => entry));
    expect(framed(many(256))).toHaveLength(256);
    expect(reasonOf(() => framed(many(257)))).toBe('too_large');
    expect(reasonOf(() => framed(Uint8Array.of(0, 0)))).toBe('malformed');
    expect(reasonOf(() => framed(Uint8Array.of(0)))).toBe('malformed');
    expect(reasonOf(() => framed(Uint8Array.of(0, 2, 0x7b)))).toBe('malformed');
  });

  it('has receipts that two empty lines part, with lines of a length', () => {
    const name = 'feeds/blue/receipts';
    const lines = new TextDecoder().decode(file(name)).split('\n');
    const at = (number: number, line: string): Uint8Array => utf8(lines.map((each, n) => (n === number ? line : each)).join('\n'));
    expect(codesOf(edited({ [name]: at(3, 'x') }))).toContain('receipts');
    expect(codesOf(edited({ [name]: at(6, 'x') }))).toContain('receipts');
    expect(codesOf(edited({ [name]: at(4, '— x') }))).toEqual(['mirror']);
    expect(codesOf(edited({ [name]: at(5, 'x'.repeat(140_000)) }))).toEqual(['mirror']);
  });
});

describe('a note', () => {
  it('has at most 131,072 bytes, and names of at most 255', () => {
    const note = (text: string, name: string): string => reasonOf(() => readNote(utf8(`${text}\n\n— ${name} AAAAAAA=\n`)));
    const rest = 'x\n\n— k AAAAAAA=\n'.length + 2 - 1; // An em dash has three bytes.
    expect(note('x'.repeat(131_072 - rest), 'k')).toBe('accepted');
    expect(note('x'.repeat(131_073 - rest), 'k')).toBe('too_large');
    expect(note('x', 'k'.repeat(255))).toBe('accepted');
    expect(note('x', 'k'.repeat(256))).toBe('too_large');
  });
});

describe('an agreement', () => {
  const archive = openArchive(RECORD);
  const [name = ''] = archive.names.filter((each) => each.startsWith('terms/'));
  const terms = readCanonical(file(name)) as { link: string; parties: object[] };

  /** What is found if blue agreed to a document that no entry proposes. */
  function found(document: object): { faults: string[]; notes: string[] } {
    const raw = json(document);
    const hash = hex(sha256(raw));
    const findings = new Findings(() => undefined);
    findings.link = terms.link;
    const agreement = new Agreement(findings);
    const held = openArchive(edited({ [name]: null, [`terms/${hash}.json`]: raw }));
    agreement.read(held, (each) => held.read(each), 1);
    const body = json({ hash });
    agreement.see('blue#1', 'blue', { at: '', body: { hash }, id: '', kind: 'terms.agreed', re: [], raw: body });
    agreement.judge(readKeyFile(file('keys.json')));
    return { faults: findings.faults.map((each) => each.code), notes: findings.notes.map((each) => each.code) };
  }

  it('names exactly the two parties of the record with their keys', () => {
    const [blue, red] = terms.parties as [object, object];
    const sorted = (parties: object[]): object => ({ grid_e7: 1000, link: terms.link, parties });
    expect(found(sorted([blue, red]))).toEqual({ faults: [], notes: ['half_agreed', 'not_proposed', 'no_terms'] });
    expect(found(sorted([red, blue])).faults).toEqual([]);
    for (const others of [[blue], [blue, red, red], [blue, blue], [blue, { ...blue, party: 'grey' }]]) {
      expect(found(sorted(others)).faults).toEqual(['terms_keys']);
    }
    expect(found(sorted([blue, { ...red, party: 'Red' }])).faults).toEqual(['terms_shape']);
    expect(found(sorted(Array.from({ length: 9 }, () => blue))).faults).toEqual(['terms_shape']);
  });
});

describe('a report', () => {
  it('lists a thousand faults, the last of which says that there are more', () => {
    const findings = new Findings(() => undefined);
    for (let n = 0; n < MAX_FAULTS - 1; n++) findings.fault('root', '', '');
    expect(findings.report().faults.at(-1)?.code).toBe('root');
    findings.fault('root', '', '');
    findings.fault('root', '', '');
    expect(findings.report().faults).toHaveLength(MAX_FAULTS);
    expect(findings.report().faults.at(-1)?.code).toBe('too_many');
    expect(findings.report().verified).toBe(false);
  });
});

describe('the words for what is found', () => {
  const listed = (from: string, to: string): string[] => {
    const table = page.slice(page.indexOf(from), page.indexOf(to));
    const cells = table.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|')[1] ?? '');
    return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((each) => each[1] ?? ''));
  };

  it('are there for every fault and note that the protocol lists', () => {
    const faults = listed('| fault |', '| note |').filter((code) => code !== 'pin'); // None is given here.
    const notes = listed('| note |', 'What a verified bundle shows');
    expect([faults.length, notes.length]).toEqual([31, 9]);
    const keys = [...faults.map((code) => `verify.fault.${meant(code)}`), ...notes.map((code) => `verify.note.${code}`)];
    expect(keys.filter((key) => !(key in english))).toEqual([]);
  });
});

describe('progress', () => {
  const told = (raw: Uint8Array): string[] => {
    const said: string[] = [];
    verifyBundle(raw, ({ what, party, done, of }) => said.push(`${what} ${party} ${done}/${of}`));
    return said;
  };

  it('tells of entries and receipts, and what holds', () => {
    expect(told(RECORD)).toEqual([
      'terms  1/1', 'entries blue 7/7', 'feed blue 7/7', 'receipts blue 3/3',
      'entries red 6/6', 'feed red 6/6', 'receipts red 3/3',
    ]);
  });

  it('never says of a feed or of terms that do not hold that they do', () => {
    const tile = 'feeds/blue/tile/entries/000.p/7';
    const changed = file(tile).slice();
    changed[100] = (changed[100] ?? 0) ^ 1;
    expect(told(edited({ [tile]: changed, 'terms/x.json': utf8('{}') })).filter((each) => /^(feed|terms)/.test(each)))
      .toEqual(['feed red 6/6']);
  });
});
