// Words: the page's own sentences, in the officer's language. ICU MessageFormat, one file a
// language; a key that is not there does not compile, and a language that lacks one does
// not build. Nothing here is ever sent.

import { IntlMessageFormat } from 'intl-messageformat';
import english from '../../words/en.json';
import { loadFonts } from './fonts';

export type Key = keyof typeof english;
type Catalogue = Record<string, string>;
type Values = Record<string, string | number>;

/** The languages of the page, as their readers call them. */
export const LANGUAGES = {
  en: 'English', ru: 'Русский', uk: 'Українська', ar: 'العربية',
  tr: 'Türkçe', he: 'עברית', fr: 'Français', zh: '中文',
} as const;
export type Language = keyof typeof LANGUAGES;

/** Which way a language is written. */
export const directionOf = (language: string): 'ltr' | 'rtl' =>
  language === 'ar' || language === 'he' ? 'rtl' : 'ltr';

const FILES = import.meta.glob<{ default: Catalogue }>('../../words/*.json');
const FIRST: Language = 'en';
const STORED = 'clearline.language';

class Words {
  language = $state<Language>(FIRST);
  /** Which way the panels run; the map, the time bar and digits always run left to right. */
  direction = $derived(directionOf(this.language));
  /** Whether no native reader has vouched for the language yet. */
  machine = $state(false);
  #catalogue = $state.raw<Catalogue>(english);
  #made = new Map<string, IntlMessageFormat>();
  #wanted: Language = FIRST;

  /** Show the page in a language, at once; what is typed stays as it is. */
  async choose(language: Language): Promise<void> {
    const file = FILES[`../../words/${language}.json`];
    if (!file) return;
    this.#wanted = language;
    const catalogue = language === FIRST ? (english as Catalogue) : (await file()).default;
    if (this.#wanted !== language) return; // Another was chosen while this one came.
    this.#made.clear();
    this.#catalogue = catalogue;
    this.language = language;
    this.machine = catalogue['_status'] === 'machine';
    document.documentElement.lang = language;
    document.documentElement.dir = this.direction;
    localStorage.setItem(STORED, language);
    await loadFonts(language);
  }

  /** The language chosen at this desk last, or the browser's, or English. */
  async first(): Promise<void> {
    const wanted = [localStorage.getItem(STORED) ?? '', ...navigator.languages];
    const known = wanted.map((each) => each.slice(0, 2)).find((each) => each in LANGUAGES);
    await this.choose((known ?? FIRST) as Language);
  }

  /** The sentence of a key, filled. Digits are Western in every language: crews compare them. */
  say(key: string, values?: Values): string {
    const pattern = this.#catalogue[key] ?? (english as Catalogue)[key];
    if (pattern === undefined) return key;
    if (!values && !pattern.includes('{')) return pattern;
    let made = this.#made.get(key);
    if (!made) {
      made = new IntlMessageFormat(pattern, `${this.language}-u-nu-latn`);
      this.#made.set(key, made);
    }
    return String(made.format(values ?? {}));
  }

  has(key: string): boolean {
    return key in this.#catalogue || key in english;
  }
}

export const words = new Words();

/** The sentence of a key that the compiler knows. */
export function t(key: Key, values?: Values): string {
  return words.say(key, values);
}

/** The words of a code that the node gave (`link.up`, `mistake.bad_length`); the code if none. */
export function tr(group: string, code: string, fallback = code): string {
  const key = `${group}.${code}`;
  return words.has(key) ? words.say(key) : fallback;
}
