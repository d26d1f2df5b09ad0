// Fonts: Noto, by script, from files of our own; loaded when a language first needs them, and
// there before the map draws a label in that script, since a canvas does not draw again.

const SCRIPTS: Record<string, { family: string; sample: string; load: () => Promise<unknown> }> = {
  latin: {
    family: 'Noto Sans Variable', sample: 'Aя',
    load: () => import('@fontsource-variable/noto-sans/index.css'),
  },
  ar: {
    family: 'Noto Sans Arabic Variable', sample: 'ق',
    load: () => import('@fontsource-variable/noto-sans-arabic/index.css'),
  },
  he: {
    family: 'Noto Sans Hebrew Variable', sample: 'ש',
    load: () => import('@fontsource-variable/noto-sans-hebrew/index.css'),
  },
  zh: {
    family: 'Noto Sans SC', sample: '中',
    load: () => import('@fontsource/noto-sans-sc/400.css'),
  },
};

/** Have what a language is written in, besides Latin and Cyrillic, which are always there. */
export async function loadFonts(language: string): Promise<void> {
  const wanted = ['latin', ...(language in SCRIPTS ? [language] : [])];
  await Promise.all(
    wanted.map(async (name) => {
      const script = SCRIPTS[name];
      if (!script) return;
      try {
        await script.load();
        await document.fonts.load(`14px "${script.family}"`, script.sample);
      } catch {
        // The system's own font is read all the same.
      }
    }),
  );
}
