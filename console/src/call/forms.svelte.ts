// Forms: every phrase that can be said and every disposition, as the node states them. The
// page has no list of its own.

import { get, Refused } from '../lib/api';
import { picture } from '../lib/picture.svelte';
import type { components } from '../lib/schema';
import { words } from '../lib/words.svelte';

type Forms = components['schemas']['Forms'];

class Held {
  value = $state.raw<Forms | null>(null);

  /** Have them, if they are not there yet. Where the node is not heard, whoever comes next asks again. */
  async load(): Promise<void> {
    if (this.value) return;
    this.value = await get<Forms>('forms').catch((error: unknown) => {
      if (error instanceof Refused) return null;
      throw error;
    });
  }
}

export const forms = new Held();

/** The first language that the other side reads and this officer does not, if there is one. */
export function theirLanguage(link: string): string | undefined {
  const read = picture.terms.get(link)?.their_languages ?? [];
  return read.map((each) => each.slice(0, 2)).find((each) => each !== words.language);
}
