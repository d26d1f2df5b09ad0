// Keys: one table of the page's own shortcuts, so that no two parts take the same one, and the
// help can list them. A shortcut of one letter never works while something is being typed.

import type { Key } from './words.svelte';

export interface Shortcut {
  /** As `KeyboardEvent.key` has it; letters in lower case. */
  key: string;
  shift?: boolean;
  label: Key;
  act: () => void;
  /** Whether it works while a field has the focus; only function keys do. */
  always?: boolean;
}

const stack: Shortcut[][] = [];

/** Add shortcuts, over those that are there; returns how to take them away. */
export function shortcuts(list: Shortcut[]): () => void {
  stack.push(list);
  return () => {
    const at = stack.indexOf(list);
    if (at >= 0) stack.splice(at, 1);
  };
}

/** Every shortcut that works now, the uppermost first; one that another lies over does not. */
export function known(): Shortcut[] {
  const found = new Map<string, Shortcut>();
  for (const each of [...stack].reverse().flat()) {
    const name = `${each.shift ? 'shift ' : ''}${each.key}`;
    if (!found.has(name)) found.set(name, each);
  }
  return [...found.values()];
}

/** The key that was meant, as a shortcut names it. Where the keyboard writes no Latin letters it
 * is the one that stands there on a Latin one: the page shows the same keys in every language. */
export function meant({ key, code }: { key: string; code: string }): string {
  if (key.length > 1) return key;
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  return letter && !/^[\x20-\x7e]$/.test(key) ? letter.toLowerCase() : key.toLowerCase();
}

/** Fields that take no letter: whoever has moved the time bar still has every key. */
const MUTE = new Set(['range', 'checkbox', 'radio', 'button', 'file']);

/** Whether something is being typed there. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && MUTE.has(target.type)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Hear the keyboard for the whole page; returns how to end it. */
export function listen(): () => void {
  const heard = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const key = meant(event);
    const found = known().find((each) => each.key === key && Boolean(each.shift) === event.shiftKey);
    if (!found || (!found.always && typing(event.target))) return;
    event.preventDefault();
    // A key that is held down acts once: it must not answer the next call as well.
    if (!event.repeat) found.act();
  };
  window.addEventListener('keydown', heard);
  return () => window.removeEventListener('keydown', heard);
}
