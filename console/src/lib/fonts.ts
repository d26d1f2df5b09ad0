// Fonts: Noto, by script, from files of our own; loaded when a language or a label first needs
// them. A canvas does not draw again by itself: whoever draws on one hears `loadingdone`.

interface Script {
  family: string;
  /** What is written in it. */
  has: RegExp;
  sample: string;
  load: () => Promise<unknown>;
}

const SCRIPTS: Record<string, Script> = {
  latin: {
    family: 'Noto Sans Variable', sample: 'Aя', has: /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u,
    load: () => import('@fontsource-variable/noto-sans/index.css'),
  },
  ar: {
    family: 'Noto Sans Arabic Variable', sample: 'ق', has: /\p{Script=Arabic}/u,
    load: () => import('@fontsource-variable/noto-sans-arabic/index.css'),
  },
  he: {
    family: 'Noto Sans Hebrew Variable', sample: 'ש', has: /\p{Script=Hebrew}/u,
    load: () => import('@fontsource-variable/noto-sans-hebrew/index.css'),
  },
  zh: {
    family: 'Noto Sans SC', sample: '中', has: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u,
    load: () => import('@fontsource/noto-sans-sc/400.css'),
  },
};

/** Every family of ours, in the order in which a glyph is looked for, as `font` has it. */
export const FAMILIES = `${Object.values(SCRIPTS).map(({ family }) => `"${family}"`).join(', ')}, sans-serif`;

const PLAIN = /^[\x20-\x7e\u2026\u2066-\u2069\n]*$/; // Of the page's own first font.
const asked = new Set<string>();
const MOST_ASKED = 20_000;

/** Have what a language is written in, besides Latin and Cyrillic, which are always there. */
export async function loadFonts(language: string): Promise<void> {
  const wanted = ['latin', ...(language in SCRIPTS ? [language] : [])];
  await Promise.all(
    wanted.map(async (name) => {
      const script = SCRIPTS[name];
      if (script) await fetched(script, script.sample);
    }),
  );
}

/** Have what a text is written in, whatever the page's language: a label keeps its own script.
 * A font comes in pieces of some characters each, so the text itself is asked for. */
export async function loadFontsOf(text: string): Promise<void> {
  if (PLAIN.test(text) || asked.has(text)) return;
  if (asked.size > MOST_ASKED) asked.clear();
  asked.add(text);
  const scripts = Object.values(SCRIPTS).filter(({ has }) => has.test(text));
  await Promise.all(scripts.map((script) => fetched(script, text)));
}

async function fetched(script: Script, text: string): Promise<void> {
  try {
    await script.load();
    await document.fonts.load(`14px "${script.family}"`, text);
    await document.fonts.load(`600 12px "${script.family}"`, text);
  } catch {
    // The system's own font is read all the same.
  }
}
