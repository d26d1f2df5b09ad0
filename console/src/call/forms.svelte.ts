// Forms: every phrase that can be said and every disposition, as the node states them. The
// page has no list of its own.

import type { components } from '../lib/schema';

export type Forms = components['schemas']['Forms'];
export type PhraseForm = components['schemas']['PhraseForm'];

class Held {
  value = $state.raw<Forms | null>(null);

  async load(get: <T>(path: string) => Promise<T>): Promise<void> {
    if (!this.value) this.value = await get<Forms>('forms');
  }
}

export const forms = new Held();
