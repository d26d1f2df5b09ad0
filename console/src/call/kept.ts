// Kept: what was typed and not sent, in this tab alone, so that a reload, a lost session or a
// key pressed by mistake loses none of it. It never leaves the browser, and ends with the tab.

const PREFIX = 'clearline.typed.';

export const kept = {
  read<T>(name: string): T | null {
    try {
      const found = sessionStorage.getItem(PREFIX + name);
      return found ? (JSON.parse(found) as T) : null;
    } catch {
      return null; // A browser that keeps nothing loses what was typed, and nothing else.
    }
  },

  write(name: string, value: unknown): void {
    try {
      sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // As above: it is still on the screen.
    }
  },

  drop(name: string): void {
    try {
      sessionStorage.removeItem(PREFIX + name);
    } catch {
      // As above.
    }
  },
};
