// Words: holds every catalogue of words/ to the English one: the same keys, the same
// placeholders, no branch of a plural missing that the language has, nothing empty. A missing
// string fails the build. Whether a translation is right only a native reader can tell; who
// has vouched for it is `_status`.

import { readdirSync, readFileSync } from 'node:fs';
import { parse, TYPE } from '@formatjs/icu-messageformat-parser';

const LANGUAGES = ['en', 'ru', 'uk', 'ar', 'tr', 'he', 'fr', 'zh'];
const STATUSES = ['native', 'machine'];
const folder = new URL('../words/', import.meta.url);
const faults = [];

/** Every placeholder of a pattern with its kind, and the branches of each plural. */
function holes(pattern) {
  const names = new Map();
  const plurals = new Map();
  const walk = (elements) => {
    for (const each of elements) {
      if (each.type === TYPE.literal || each.type === TYPE.pound) continue;
      names.set(each.value, each.type);
      if (each.type === TYPE.plural || each.type === TYPE.select) {
        if (each.type === TYPE.plural) plurals.set(each.value, Object.keys(each.options));
        for (const option of Object.values(each.options)) walk(option.value);
      }
    }
  };
  walk(parse(pattern));
  return { names, plurals };
}

const read = (language) => JSON.parse(readFileSync(new URL(`${language}.json`, folder), 'utf8'));
const english = read('en');
const present = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));
for (const language of LANGUAGES) {
  if (!present.includes(language)) {
    faults.push(`${language}: there is no words/${language}.json`);
    continue;
  }
  const words = read(language);
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  if (!STATUSES.includes(words._status)) faults.push(`${language}: _status is none of ${STATUSES}`);
  for (const key of Object.keys(english)) {
    if (!(key in words)) faults.push(`${language}: ${key} is missing`);
  }
  for (const [key, pattern] of Object.entries(words)) {
    if (key === '_status') continue;
    if (!(key in english)) faults.push(`${language}: ${key} is not one of ours`);
    else if (typeof pattern !== 'string' || !pattern.trim()) faults.push(`${language}: ${key} is empty`);
    else check(language, key, pattern, needed);
  }
}

function check(language, key, pattern, needed) {
  let found;
  try {
    found = holes(pattern);
  } catch (error) {
    faults.push(`${language}: ${key} cannot be read: ${error.message}`);
    return;
  }
  const wanted = [...holes(english[key]).names.keys()].sort().join();
  const has = [...found.names.keys()].sort().join();
  if (wanted !== has) faults.push(`${language}: ${key} has {${has}} for {${wanted}}`);
  for (const [name, branches] of found.plurals) {
    for (const category of needed) {
      if (!branches.includes(category)) faults.push(`${language}: ${key}: {${name}} lacks “${category}”`);
    }
  }
}

for (const fault of faults) console.error(fault);
console.log(`words: ${LANGUAGES.length} languages, ${Object.keys(english).length - 1} strings, ${faults.length} faults`);
const warnOnly = process.argv.includes('--warn');
process.exit(faults.length && !warnOnly ? 1 : 0);
