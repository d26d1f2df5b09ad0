// Kept: what was typed and not sent, in this tab alone, so that a reload, a lost session or a
// key pressed by mistake loses none of it. It is the officer's who typed it, and nobody else's at
// the same desk. It never leaves the browser, and ends with the tab.

import { session } from '../lib/session.svelte';

const place = (name: string): string => `clearline.typed.${session.who?.officer ?? ''}.${name}`;

export const kept = {
  read<T>(name: string): T | null {
    try {
      const found = sessionStorage.getItem(place(name));
      return found ? (JSON.parse(found) as T) : null;
    } catch {
      return null; // A browser that keeps nothing loses what was typed, and nothing else.
    }
  },

  write(name: string, value: unknown): void {
    try {
      sessionStorage.setItem(place(name), JSON.stringify(value));
    } catch {
      // As above: it is still on the screen.
    }
  },

  drop(name: string): void {
    try {
      sessionStorage.removeItem(place(name));
    } catch {
      // As above.
    }
  },
};
