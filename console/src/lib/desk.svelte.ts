// Desk: what this one screen is looking at: theme, the time shown, what is open. It is nothing
// that the node should know; a reload begins again at LIVE, with nothing open.

import { clock } from './clock.svelte';
import type { components } from './schema';
import type { Incident, Position, Precedence, Volume } from './types';

type WayOut = components['schemas']['WayOut'];

export type Theme = 'dark' | 'dim' | 'light';
export const THEMES: Theme[] = ['dark', 'dim', 'light'];

/** What is open beside the map: one thing at a time, so that nothing is ever under another. */
export type Open =
  | { what: 'none' }
  | { what: 'notice'; id: string }
  | { what: 'conflict'; id: string }
  /** `late` says to whoever pressed ACKNOWLEDGE second that somebody else has answered it. */
  | { what: 'call'; id: string; late?: boolean }
  | { what: 'declare'; revises?: string; again?: string; way?: { way: WayOut['way']; volumes: Volume[] } }
  | { what: 'dial'; precedence: 'flash' | 'immediate' | 'priority' | 'routine'; drill?: boolean; about?: string[]; reopens?: string }
  | { what: 'watch' }
  | { what: 'roster' }
  | { what: 'link'; link?: string }
  | { what: 'log'; link?: string }
  | { what: 'incident'; id: string }
  | { what: 'reliability'; link?: string }
  | { what: 'verify' }
  | { what: 'people' }
  | { what: 'tracks'; id?: string }
  | { what: 'help' };

/** Something that wants a place or a shape from the map. */
export interface Picking {
  mode: 'point' | 'polygon' | 'corridor' | 'circle';
  done: (points: Position[], radius_cm: number | null) => void;
}

/** Shapes drawn over the map while something is being declared or said. */
export interface Overlay {
  drawn: (Pick<Volume, 'outline'> & Partial<Pick<Volume, 'window'>>)[];
  seen: Pick<Volume, 'outline'>[];
  conflicts: Pick<Volume, 'outline'>[];
}

/** An incident as the map replays it: the times are ms since the epoch. */
export interface Replay {
  incident: Incident;
  /** Where it is about, and from when to when that was so. */
  marks: { what: 'call' | 'conflict'; id: string; urgency: Precedence; name: string; place: Position; from: number; until: number }[];
  /** What either side wrote, in order. */
  said: { at: number; whose: string; text: string }[];
}

const STORED = 'clearline.theme';

class Desk {
  theme = $state<Theme>('dark');
  open = $state.raw<Open>({ what: 'none' });
  /** The time that the map and lists show, ms since the epoch; null is LIVE. */
  shifted = $state<number | null>(null);
  /** What is picked on the map now, if anything is. */
  picking = $state.raw<Picking | null>(null);
  /** Shapes of a draft: as drawn, as the other side will see them, and where it conflicts. */
  overlay = $state.raw<Overlay | null>(null);
  /** The incident that is open, for the map to show alone at any time but LIVE. */
  replay = $state.raw<Replay | null>(null);
  /** Where the map should go: set by whoever shows something on it. */
  goto = $state.raw<(Position & { radius_cm: number }) | null>(null);
  /** Where the pointer is on the map, or else the map's cross: a place to begin with. */
  here: Position | null = null;
  /** The item under the pointer or the keyboard, in list and map alike. */
  hovered = $state<string | null>(null);

  /** The time shown: the node's now, or the one that the time bar was moved to. */
  get at(): number {
    return this.shifted ?? clock.now;
  }

  live(): void {
    this.shifted = null;
  }

  show(open: Open): void {
    this.open = open;
  }

  close(): void {
    this.open = { what: 'none' };
  }

  /** Have something picked on the map, once. Whoever asks calls `forgo` when they are gone. */
  pick(mode: Picking['mode'], done: Picking['done']): void {
    const picked: Picking['done'] = (points, radius_cm) => {
      this.picking = null;
      done(points, radius_cm);
    };
    this.picking = { mode, done: picked };
  }

  /** Want nothing from the map any more, and have nothing drawn over it. */
  forgo(): void {
    this.picking = null;
    this.overlay = null;
  }

  choose(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(STORED, theme);
  }

  first(): void {
    const stored = localStorage.getItem(STORED) as Theme | null;
    this.choose(stored && THEMES.includes(stored) ? stored : 'dark');
  }
}

export const desk = new Desk();
