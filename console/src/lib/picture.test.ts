import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { picture } from './picture.svelte';

/** The browser's own stream, as far as it is used: who opened one, and whether it was closed. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static readonly all: Stream[] = [];
  readyState = 1;
  constructor() {
    super();
    Stream.all.push(this);
  }
  close(): void {
    this.readyState = Stream.CLOSED;
  }
}
const open = (): number => Stream.all.filter((each) => each.readyState !== Stream.CLOSED).length;

/** The questions that the node has not answered yet. */
let asked: ((answer: Response) => void)[] = [];
const KINDS = ['node', 'links', 'terms', 'watch', 'notices', 'conflicts', 'calls', 'tests', 'lines', 'talks', 'receivers', 'track_alarms', 'seen'];
const whole = (): Response =>
  Response.json({
    seq: '1', at: '2026-11-23T14:00:00.000Z',
    ...Object.fromEntries(KINDS.map((kind) => [kind, kind === 'node' ? [{ id: 'node' }] : []])),
  });

/** Let everything that waits for an answer go on. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

beforeEach(() => {
  asked = [];
  Stream.all.length = 0;
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('fetch', () => new Promise<Response>((done) => asked.push(done)));
});

afterEach(() => {
  picture.signedOut();
  vi.unstubAllGlobals();
});

describe('the picture', () => {
  it('shows nothing of an answer that comes when the session is over', async () => {
    void picture.start();
    picture.signedOut();
    asked[0]?.(whole());
    await settled();
    expect([picture.state, picture.node.size, open()]).toEqual(['signed_out', 0, 0]);
  });

  it('has one stream, however often it was asked for before it came', async () => {
    void picture.start();
    void picture.start();
    for (const answer of asked) answer(whole());
    await settled();
    expect([picture.state, picture.node.size, open()]).toEqual(['live', 1, 1]);
  });

  it('knows no link’s state while the node is not heard', async () => {
    const link = { state: 'up' } as Parameters<typeof picture.stateOf>[0];
    void picture.start();
    expect(picture.stateOf(link)).toBe('unknown');
    asked[0]?.(whole());
    await settled();
    expect(picture.stateOf(link)).toBe('up');
  });
});
