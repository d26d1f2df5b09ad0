// Words: holds every catalogue of words/ to the English one: the same keys, placeholders of the
// same kind, the same branches of a select, every branch of a plural that the language has and
// no other, nothing empty, and nothing open in a text that runs right to left. A fault fails the
// build. Whether a translation is right only a native reader can tell; who has vouched for it is
// `_status`. With --fallback it only warns: the page then shows English where a string is missing.

import { readdirSync, readFileSync } from 'node:fs';
import { parse, TYPE } from '@formatjs/icu-messageformat-parser';

const LANGUAGES = ['en', 'ru', 'uk', 'ar', 'tr', 'he', 'fr', 'zh'];
const RIGHT_TO_LEFT = ['ar', 'he'];
const STATUSES = ['native', 'machine'];
const KINDS = Object.fromEntries(Object.entries(TYPE).map(([name, type]) => [type, name]));
const folder = new URL('../words/', import.meta.url);
const faults = [];

const read = (language) => {
  try {
    return JSON.parse(readFileSync(new URL(`${language}.json`, folder), 'utf8'));
  } catch (error) {
    faults.push(`${language}: words/${language}.json cannot be read: ${error.message}`);
    return undefined;
  }
};

/** What a pattern is made of: each placeholder's kind, each plural, each select. */
function parts(pattern) {
  const found = { kinds: new Set(), plurals: [], selects: new Map() };
  const walk = (elements) => {
    for (const each of elements) {
      if (each.type === TYPE.literal || each.type === TYPE.pound) continue;
      const ordinal = each.pluralType === 'ordinal' ? ' ordinal' : '';
      found.kinds.add(`${each.value} ${KINDS[each.type]}${ordinal}`);
      if (each.type === TYPE.plural) found.plurals.push(each);
      if (each.type === TYPE.select) found.selects.set(each.value, Object.keys(each.options).sort().join());
      for (const option of Object.values(each.options ?? {})) walk(option.value);
      walk(each.children ?? []);
    }
  };
  walk(parse(pattern));
  return found;
}

/** Whether a branch shows its number, as `#`. */
const counts = (option) => option.value.some((each) => each.type === TYPE.pound);

/** Yield what is wrong with a pattern beside the English one. */
function* faultsOf(language, pattern, english) {
  if (typeof pattern !== 'string' || !pattern.trim()) {
    yield 'is empty';
    return;
  }
  // In ICU an apostrophe may quote what follows it; the typographic one never does.
  if (pattern.includes("'")) yield 'has an ASCII apostrophe; write ’';
  let ours, wanted;
  try {
    ours = parts(pattern);
    wanted = parts(english);
  } catch (error) {
    yield `cannot be parsed: ${error.message}`;
    return;
  }
  const has = [...ours.kinds].sort().join(', ');
  const wants = [...wanted.kinds].sort().join(', ');
  if (has !== wants) yield `has {${has}} for {${wants}}`;
  for (const [name, branches] of wanted.selects) {
    const found = ours.selects.get(name);
    if (found !== undefined && found !== branches) yield `select {${name}} has ${found} for ${branches}`;
  }
  for (const plural of ours.plurals) yield* faultsOfPlural(language, plural);
  if (RIGHT_TO_LEFT.includes(language)) yield* openIn(pattern);
}

/** Yield what is wrong with one plural: a category too few or too many, or no number. */
function* faultsOfPlural(language, { value: name, options, pluralType }) {
  const needed = new Intl.PluralRules(language, { type: pluralType }).resolvedOptions().pluralCategories;
  for (const category of needed) {
    if (!(category in options)) yield `plural {${name}} has no branch ${category}`;
  }
  for (const [branch, option] of Object.entries(options)) {
    if (branch.startsWith('=')) continue;
    if (!needed.includes(branch)) yield `plural {${name}} has a branch ${branch} that the language lacks`;
    if (!counts(option)) yield `plural {${name}} has no # in branch ${branch}`;
  }
}

/** Yield what is not isolated (UAX 9) in a text that runs right to left: its parts would change
 * places there, so that a date or a position reads as another. */
function* openIn(pattern) {
  const around = pattern.replace(/[\u2066\u2068][^\u2066-\u2069]*\u2069/g, '');
  if (/[\u2066-\u2069]/.test(around)) yield 'has an isolate that is not closed, or never opened';
  // `{n, plural, …}` shows `#`, a bare number, which keeps the order of its digits.
  for (const [, name] of around.matchAll(/\{([a-z_]+)\}/g)) yield `does not isolate {${name}}`;
  for (const [run] of around.matchAll(/(?<![\w.+-])[\d.+-]+ ?[A-Za-z][\w:.-]*/g)) yield `does not isolate “${run}”`;
}

const english = read('en') ?? {};
for (const name of readdirSync(folder)) {
  if (!LANGUAGES.includes(name.replace(/\.json$/, ''))) faults.push(`${name} is not a language of ours`);
}
for (const language of LANGUAGES) {
  const words = read(language);
  if (!words) continue;
  const statuses = language === 'en' ? ['native'] : STATUSES;
  if (!statuses.includes(words._status)) faults.push(`${language}: _status is not ${statuses.join(' or ')}`);
  for (const key of Object.keys(english)) {
    if (!(key in words)) faults.push(`${language}: ${key} is missing`);
  }
  for (const [key, pattern] of Object.entries(words)) {
    if (key === '_status') continue;
    if (!(key in english)) faults.push(`${language}: ${key} is not one of ours`);
    else for (const fault of faultsOf(language, pattern, english[key])) faults.push(`${language}: ${key} ${fault}`);
  }
}

for (const fault of faults) console.error(fault);
console.log(`words: ${LANGUAGES.length} languages, ${Object.keys(english).length - 1} strings, ${faults.length} faults`);
process.exit(faults.length && !process.argv.includes('--fallback') ? 1 : 0);
