// Picture: what the node says there is. The page keeps it for as long as the stream holds and
// never changes it by itself: what a command has done is seen when the node says so.

import { get } from './api';
import { clock } from './clock.svelte';
import { tracks } from './tracks.svelte';
import type { Kind, Lists, Whole } from './types';

const KINDS: Kind[] = [
  'node', 'links', 'terms', 'watch', 'notices', 'conflicts', 'calls', 'tests', 'lines', 'talks',
  'receivers', 'track_alarms', 'seen',
];
const QUIET_MS = 3_500;

interface FrameData {
  at: string;
  put: { [K in Kind]?: Lists[K][] };
  gone: { [K in Kind]?: string[] };
}

export type StreamState = 'loading' | 'live' | 'lost' | 'signed_out';

class Picture {
  node = $state.raw<Map<string, Lists['node']>>(new Map());
  links = $state.raw<Map<string, Lists['links']>>(new Map());
  terms = $state.raw<Map<string, Lists['terms']>>(new Map());
  watch = $state.raw<Map<string, Lists['watch']>>(new Map());
  notices = $state.raw<Map<string, Lists['notices']>>(new Map());
  conflicts = $state.raw<Map<string, Lists['conflicts']>>(new Map());
  calls = $state.raw<Map<string, Lists['calls']>>(new Map());
  tests = $state.raw<Map<string, Lists['tests']>>(new Map());
  lines = $state.raw<Map<string, Lists['lines']>>(new Map());
  talks = $state.raw<Map<string, Lists['talks']>>(new Map());
  receivers = $state.raw<Map<string, Lists['receivers']>>(new Map());
  track_alarms = $state.raw<Map<string, Lists['track_alarms']>>(new Map());
  seen = $state.raw<Map<string, Lists['seen']>>(new Map());
  /** Whether what is shown is what is. Everything but `live` is the past, and is marked so. */
  state = $state<StreamState>('loading');
  /** The newest frame that has been taken in. */
  seq = '';
  /** Told when the node says that the session is over. */
  whenSignedOut: () => void = () => undefined;
  #source: EventSource | null = null;
  /** Which question for the whole picture was the last: an older one's answer is let go. */
  #asked = 0;
  #watching: ReturnType<typeof setInterval> | undefined;

  /** A link's state as far as it is known here: nothing is, while the node is not heard. */
  stateOf(link: Lists['links']): string {
    return this.state === 'live' ? link.state : 'unknown';
  }

  /** Whether the counterpart's node has signed that it stores a notice; theirs it has. */
  stored(notice: Lists['notices']): boolean {
    return !notice.mine || notice.index < (this.links.get(notice.link)?.stored_by_them ?? 0);
  }

  /** Take the whole picture, then what changes, until `stop`. */
  async start(): Promise<void> {
    this.state = 'loading';
    this.#watching ??= setInterval(() => this.#watchOver(), 500);
    await this.#whole();
  }

  stop(): void {
    this.#asked += 1;
    this.#close();
    clearInterval(this.#watching);
    this.#watching = undefined;
  }

  #close(): void {
    this.#source?.close();
    this.#source = null;
  }

  async #whole(): Promise<void> {
    this.#close();
    const mine = ++this.#asked;
    try {
      const whole = await get<Whole>('picture');
      if (mine !== this.#asked) return;
      for (const kind of KINDS) this.#replace(kind, whole[kind]);
      this.seq = whole.seq;
      clock.told(whole.at);
      this.state = 'live';
      this.#listen();
    } catch {
      if (mine !== this.#asked) return;
      this.state = this.seq ? 'lost' : 'loading';
      setTimeout(() => { if (mine === this.#asked) void this.#whole(); }, 1_000);
    }
  }

  #listen(): void {
    const source = new EventSource(`/api/v1/stream?since=${this.seq}`);
    this.#source = source;
    source.addEventListener('frame', (event) => {
      this.#apply(JSON.parse(event.data as string) as FrameData);
      this.seq = event.lastEventId;
      this.#heard();
    });
    source.addEventListener('beat', (event) => {
      clock.told((JSON.parse(event.data as string) as { at: string }).at);
      this.#heard();
    });
    source.addEventListener('tracks', (event) => {
      tracks.take(JSON.parse(event.data as string) as Parameters<typeof tracks.take>[0]);
      this.#heard();
    });
    source.addEventListener('reset', () => void this.#whole());
    source.addEventListener('signed_out', () => this.signedOut());
    source.addEventListener('error', () => {
      // The browser tries again by itself, with `Last-Event-ID`; unless the node said no.
      if (source.readyState === EventSource.CLOSED && this.#source === source) void this.#whole();
    });
  }

  signedOut(): void {
    if (this.state === 'signed_out') return;
    this.state = 'signed_out';
    this.stop();
    // Whoever is nobody here sees nothing, and hears nothing that nobody here could answer.
    for (const kind of KINDS) this.#set(kind, new Map());
    tracks.clear();
    this.seq = '';
    this.whenSignedOut();
  }

  #heard(): void {
    if (this.state !== 'signed_out') this.state = 'live';
  }

  /** A stream that is silent is lost, whatever the browser believes of the connection. */
  #watchOver(): void {
    if (this.state !== 'live' || clock.silent < QUIET_MS) return;
    this.state = 'lost';
    void this.#whole();
  }

  #apply(frame: FrameData): void {
    for (const kind of KINDS) {
      const put = frame.put[kind];
      const gone = frame.gone[kind];
      if (put || gone) this.#patch(kind, (put ?? []) as { id: string }[], gone ?? []);
    }
    clock.told(frame.at);
  }

  #replace(kind: Kind, items: { id: string }[]): void {
    this.#set(kind, new Map(items.map((item) => [item.id, item])));
  }

  #patch(kind: Kind, put: { id: string }[], gone: string[]): void {
    const next = new Map<string, { id: string }>(this[kind] as Map<string, { id: string }>);
    for (const item of put) next.set(item.id, item);
    for (const id of gone) next.delete(id);
    this.#set(kind, next);
  }

  #set(kind: Kind, items: Map<string, { id: string }>): void {
    // One list, one type: the compiler cannot follow a key into ten of them.
    (this as unknown as Record<Kind, Map<string, { id: string }>>)[kind] = items;
  }
}

export const picture = new Picture();
