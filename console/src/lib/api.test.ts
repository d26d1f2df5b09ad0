import { afterEach, describe, expect, it, vi } from 'vitest';
import { blob, command, get } from './api';

/** An answer whose body breaks off, as when the node dies in the middle of it. */
function broken(): Response {
  const body = new ReadableStream({ start: (control) => control.error(new TypeError('network error')) });
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

afterEach(() => vi.unstubAllGlobals());

describe('an answer that breaks off', () => {
  it('is none: the node was not reached', async () => {
    vi.stubGlobal('fetch', async () => broken());
    await expect(get('picture')).rejects.toMatchObject({ code: 'unreachable' });
    await expect(blob('bundle', new AbortController().signal)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is asked for once more, under the same key', async () => {
    const keys: (string | null)[] = [];
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      keys.push(new Headers(init.headers).get('Idempotency-Key'));
      return keys.length === 1 ? broken() : Response.json({ entries: [] });
    });
    expect(await command('acknowledge', {})).toEqual({ entries: [] });
    expect(keys).toEqual([keys[0], keys[0]]);
  });
});
