// Tracks: where what our own receivers see is now. They come on the picture's stream, beside its
// frames, once a second: what has moved since this page was last told. They are for our own eyes.

import { clock, ms } from './clock.svelte';
import type { Track } from './types';

interface Moved {
  reset: boolean;
  put: Track[];
  gone: string[];
}

class Tracks {
  /** Every track by its id: one map all the time, for ten thousand are not copied each second. */
  readonly all = new Map<string, Track>();
  /** Another number whenever something in it is. */
  turn = $state(0);

  take(moved: Moved): void {
    if (moved.reset) this.all.clear();
    for (const id of moved.gone) this.all.delete(id);
    for (const track of moved.put) this.all.set(track.id, track);
    this.turn += 1;
  }

  clear(): void {
    this.all.clear();
    this.turn += 1;
  }

  /** What a track is called: its call sign or name, else the id that its source has for it. */
  name(track: Track): string {
    return track.name || track.key;
  }
}

/** How old its report is, ms. */
export const ageOf = (track: Track): number => Math.max(0, clock.now - ms(track.reported_at));

/** `12 s`, `4:31`: an age that is read at a glance. */
export function aged(age: number): string {
  const s = Math.round(age / 1_000);
  return s < 100 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

export const tracks = new Tracks();
