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

/** Every shortcut that works now, the uppermost first. */
export function known(): Shortcut[] {
  return [...stack].reverse().flat();
}

/** Fields that take no letter: whoever has moved the time bar still has every key. */
const MUTE = new Set(['range', 'checkbox', 'radio', 'button', 'file']);

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && MUTE.has(target.type)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Hear the keyboard for the whole page; returns how to end it. */
export function listen(): () => void {
  const heard = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = known().find(
      (each) => each.key === key && Boolean(each.shift) === event.shiftKey,
    );
    if (!found || (!found.always && typing(event.target))) return;
    event.preventDefault();
    found.act();
  };
  window.addEventListener('keydown', heard);
  return () => window.removeEventListener('keydown', heard);
}
