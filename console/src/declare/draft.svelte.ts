// Draft: a notice as it was typed so far. It is kept on the node, for this officer, so that a
// reload or another desk goes on with it; the node alone says what it means.

import { get, post, put, Refused, remove } from '../lib/api';
import { faultOf } from '../lib/acting.svelte';
import type { components } from '../lib/schema';
import { session } from '../lib/session.svelte';
import type { Altitude, NoticeItem, Volume } from '../lib/types';
import { altitude, decimal } from '../lib/say';

export type Check = components['schemas']['NoticeCheck'];
export type WayOut = components['schemas']['WayOut'];
export type Typed = components['schemas']['NoticeDraft'] & { label: string };
type Kept = { name: string; body: Typed }[];

/** Each verdict has a mark, beside its word and its colour. */
export const VERDICTS: Record<string, string> = { conflict: '▲', no_conflict: '○', not_checked: '?' };

const WAIT_MS = 150;
const KEEP_MS = 400;

/** What could not be kept when its form was closed, as when a session ended in the middle of a
 *  word: it waits here for the same officer, and for nobody else, until the page is left. */
const unkept = new Map<string, Typed>();
const mine = (name: string): string => `${session.who?.officer ?? ''} ${name}`;

export function empty(links: string[]): Typed {
  return {
    links, activity: '', label: '', shape: 'circle', centre: '', radius: '', points: '', width: '',
    speed: '', tolerance: '', passing: '',
    lower: '', upper: '', start: '', end: '', place_at: '', place_from: '', volumes: [], revises: null,
  };
}

/** A level as it is typed: a depth is read by its name, and not by a sign. */
const levelTyped = (level: Altitude): string => altitude(level).replace(/^-(.*) m$/, '$1 m DEPTH');

/** A notice as somebody would have typed it, to be revised or declared again. */
export function retyped(notice: NoticeItem, revises: boolean): Typed {
  const typed = { ...empty([notice.link]), activity: notice.activity, label: notice.label };
  if (revises) typed.revises = notice.id;
  return { ...typed, ...reshaped(notice.volumes) };
}

/** Volumes as somebody would have typed them: the one shape there is, or all of them as drawn. */
function reshaped(volumes: Volume[]): Partial<Typed> {
  const [first] = volumes;
  if (!first) return {};
  const typed = {
    lower: levelTyped(first.band.lower), upper: levelTyped(first.band.upper),
    start: first.window.start, end: first.window.end,
  };
  const { outline } = first;
  if (volumes.length > 1 || (outline.shape === 'polygon' && (outline.holes?.length || outline.margin_cm))) {
    return { ...typed, shape: 'drawn', volumes };
  }
  if (outline.shape === 'circle') {
    return { ...typed, shape: 'circle', centre: decimal(outline.centre, 7), radius: `${outline.radius_cm / 100} m` };
  }
  if (outline.shape === 'corridor') {
    const points = outline.points.map((each) => decimal(each, 7)).join('\n');
    return { ...typed, shape: 'corridor', points, width: `${outline.width_cm / 100} m` };
  }
  return { ...typed, shape: 'polygon', points: outline.exterior.map((each) => decimal(each, 7)).join('\n') };
}

export class Draft {
  typed = $state<Typed>(empty([]));
  check = $state.raw<Check | null>(null);
  /** Why the node could not be asked; then nothing is checked. */
  unchecked = $state('');
  /** Whether what is shown is of what is typed now. */
  fresh = $state(false);
  kept = $state(true);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;

  readonly #key: string;

  constructor(readonly name: string) {
    this.#key = mine(name);
  }

  /** Go on with the draft of this name, if there is one. */
  async load(): Promise<void> {
    try {
      const found = (await get<Kept>('drafts')).find((each) => each.name === this.name);
      if (found) this.typed = { ...this.typed, ...found.body };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    const newer = unkept.get(this.#key);
    if (!newer) return;
    this.typed = newer;
    this.kept = false;
    this.#keepSoon();
  }

  /** Something was typed: keep it, and have it checked when the typing pauses. */
  changed(): void {
    this.kept = false;
    unkept.set(this.#key, $state.snapshot(this.typed) as Typed);
    this.#keepSoon();
    this.recheck();
  }

  #keepSoon(): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => void this.keep(), KEEP_MS);
  }

  /** Have it checked, and keep nothing: a form that was only opened writes over no draft. */
  recheck(): void {
    this.fresh = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), WAIT_MS);
  }

  async look(): Promise<Check | null> {
    const mine = ++this.#asked;
    const { label: _, ...body } = $state.snapshot(this.typed) as Typed;
    try {
      const check = await post<Check>('check/notice', body);
      if (mine === this.#asked) {
        this.check = check;
        this.unchecked = '';
        this.fresh = true;
      }
      return check;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (mine === this.#asked) {
        this.unchecked = faultOf(error);
        this.check = null;
      }
      return null;
    }
  }

  async keep(): Promise<void> {
    try {
      const typed = $state.snapshot(this.typed) as Typed;
      await put(`drafts/${encodeURIComponent(this.name)}`, typed);
      // What was typed since is not kept yet.
      this.kept = JSON.stringify(this.typed) === JSON.stringify(typed);
      if (this.kept) unkept.delete(this.#key);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.kept = false; // It is still on the screen, and is kept with the next key.
    }
  }

  async forget(): Promise<void> {
    this.stop();
    this.kept = true;
    unkept.delete(this.#key);
    await remove(`drafts/${encodeURIComponent(this.name)}`).catch(() => undefined);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#keeping);
  }

  fault(field: string): { code: string; phrase: string } | undefined {
    return this.check?.faults.find((each) => each.field === field);
  }

  /** Take a way out that the node has tried: typed anew, so that it is checked once more. What
   *  an officer typed of the ground stays as it was typed, unless it is the ground that changes. */
  take({ way, volumes }: Pick<WayOut, 'way' | 'volumes'>): void {
    const taken = reshaped(volumes);
    const moved = way === 'aside' || way === 'smaller';
    if (moved || this.typed.shape === 'transit') Object.assign(this.typed, taken);
    else {
      const { lower, upper, start, end } = taken;
      Object.assign(this.typed, { lower, upper, start, end });
      if (this.typed.shape === 'drawn') this.typed.volumes = volumes;
    }
    this.changed();
  }
}
