import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Draft } from './draft.svelte';
import type { Volume } from '../lib/types';

/** What the node was asked to keep, and how it is answered. */
let kept: Record<string, unknown>[] = [];
let answer: () => Response | Promise<Response> = () => Response.json({});

beforeEach(() => {
  kept = [];
  answer = () => Response.json({});
  vi.useFakeTimers();
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (init.method === 'PUT') {
      kept.push(JSON.parse(String(init.body)) as Record<string, unknown>);
      return answer();
    }
    if (path.endsWith('/drafts')) return Response.json({}, { status: 500 });
    return Response.json({ faults: [], links: [], volumes: [], differences: [], read: [] });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a draft', () => {
  it('that was only opened is not kept over one that could not be read', async () => {
    const draft = new Draft('declare');
    await draft.load();
    draft.recheck();
    await vi.runAllTimersAsync();
    expect([draft.fresh, kept]).toEqual([true, []]);
  });

  it('is not called kept while the last word of it is not', async () => {
    let come: (answer: Response) => void = () => undefined;
    answer = () => new Promise((done) => (come = done));
    const draft = new Draft('declare');
    draft.typed = { ...draft.typed, label: 'Da' };
    draft.changed();
    await vi.advanceTimersByTimeAsync(400);
    draft.typed = { ...draft.typed, label: 'Dawn' };
    draft.changed();
    come(Response.json({}));
    await vi.advanceTimersByTimeAsync(0);
    expect(draft.kept).toBe(false);
    answer = () => Response.json({});
    await vi.advanceTimersByTimeAsync(400);
    expect(draft.kept).toBe(true);
    expect(kept.map((each) => each['label'])).toEqual(['Da', 'Dawn']);
  });

  it('takes a way out below the sea as an officer would type it', () => {
    const draft = new Draft('declare');
    const level = (value_cm: number) => ({ datum: 'depth' as const, value_cm });
    draft.take({ way: 'below', volumes: [{
      band: { lower: level(30_000), upper: level(12_000) },
      window: { start: '2026-11-23T14:00:00.000Z', end: '2026-11-23T15:00:00.000Z' },
      outline: { shape: 'circle', centre: { lat_e7: 0, lon_e7: 0 }, radius_cm: 100 },
    } as Volume] });
    expect([draft.typed.lower, draft.typed.upper]).toEqual(['300 m DEPTH', '120 m DEPTH']);
  });

  it('keeps the ground as it was typed, until a way out moves it', () => {
    const draft = new Draft('declare');
    draft.typed = { ...draft.typed, centre: '9 km 180 from Airfield', radius: '2 NM' };
    const level = (value_cm: number) => ({ datum: 'fl' as const, value_cm });
    const moved = {
      band: { lower: level(304_800), upper: level(609_600) },
      window: { start: '2026-11-23T14:00:00.000Z', end: '2026-11-23T15:00:00.000Z' },
      outline: { shape: 'circle', centre: { lat_e7: 352_000_000, lon_e7: 400_000_000 }, radius_cm: 370_400 },
    } as Volume;
    draft.take({ way: 'above', volumes: [moved] });
    expect([draft.typed.lower, draft.typed.centre]).toEqual(['FL100', '9 km 180 from Airfield']);
    draft.take({ way: 'aside', volumes: [moved] });
    expect([draft.typed.centre, draft.typed.radius]).toEqual(['35.2000000N 040.0000000E', '3704 m']);
  });

  it('of a transit becomes its areas once a way out is taken', () => {
    const draft = new Draft('declare');
    draft.typed = { ...draft.typed, shape: 'transit', speed: '8-12 kt' };
    const piece = (lon_e7: number) => ({
      band: { lower: { datum: 'surface', value_cm: 0 }, upper: { datum: 'surface', value_cm: 0 } },
      window: { start: '2026-11-23T14:00:00.000Z', end: '2026-11-23T15:00:00.000Z' },
      outline: { shape: 'corridor', points: [{ lat_e7: 0, lon_e7 }, { lat_e7: 0, lon_e7: lon_e7 + 1_000_000 }], width_cm: 200 },
    }) as Volume;
    draft.take({ way: 'later', volumes: [piece(0), piece(1_000_000)] });
    expect([draft.typed.shape, draft.typed.volumes?.length]).toEqual(['drawn', 2]);
  });
});
