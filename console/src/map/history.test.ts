import { describe, expect, it } from 'vitest';
import type { Incident, NoticeItem, Volume } from '../lib/types';
import { open, stands, stood, timeOf } from './history';

const at = (hour: number): string => `2026-11-23T${String(hour).padStart(2, '0')}:00:00.000Z`;
const ms = (hour: number): number => Date.parse(at(hour));
const volume = (from: number, to: number, lower = 0): Volume => ({
  outline: { shape: 'circle', centre: { lat_e7: 0, lon_e7: 0 }, radius_cm: 100 },
  band: { lower: { datum: 'fl', value_cm: lower }, upper: { datum: 'fl', value_cm: lower + 1 } },
  window: { start: at(from), end: at(to) },
});
const notice = (more: Partial<NoticeItem>): NoticeItem => ({
  id: '019ab000-0000-7000-8000-000000000001', handle: '000001', link: 'l', mine: true,
  state: 'active', revision: 1, activity: 'flight', label: '', late: false,
  entry: '019ab000-0000-7000-8000-000000000001', index: 0, declared_at: at(10), stated_at: at(10), lies_unrelayed: false,
  opens: at(12), closes: at(16), ended_at: null, volumes: [volume(12, 16)], noted: [], ...more,
});

describe('a notice of the picture', () => {
  it('is open in its window and not before it was declared', () => {
    const [late] = stands(notice({ declared_at: at(13) }));
    expect(open(late!, ms(12), false)).toBe(false);
    expect(open(late!, ms(13), false)).toBe(true);
    expect(open(late!, ms(17), false)).toBe(false);
  });

  it('is shown live even if its declaration lies ahead by our clock', () => {
    const [ahead] = stands(notice({ declared_at: at(13) }));
    expect(open(ahead!, ms(12), true)).toBe(true);
  });

  it('that was withdrawn stood until then, and is never live', () => {
    const [gone] = stands(notice({ state: 'withdrawn', ended_at: at(14) }));
    expect(open(gone!, ms(13), false)).toBe(true);
    expect(open(gone!, ms(14), false)).toBe(false);
    expect(open(gone!, ms(13), true)).toBe(false);
  });

  it('says when its shape was changed, if it was', () => {
    const entry = '019ab000-1111-7000-8000-000000000002';
    expect(stands(notice({ revision: 2, entry }))[0]!.revised).toBe(timeOf(entry));
    expect(stands(notice({}))[0]!.revised).toBe(-Infinity);
  });
});

describe('a notice of an incident', () => {
  const incident = {
    notices: [notice({ revision: 2, volumes: [volume(12, 16, 5)] })],
    stood: [
      { notice: notice({}).id, entry: 'a', revision: 1, since: at(10), until: at(13), volumes: [volume(12, 16, 1)] },
      { notice: notice({}).id, entry: 'b', revision: 2, since: at(13), until: null, volumes: [volume(12, 16, 5)] },
    ],
  } as unknown as Incident;

  it('is the revision that stood at the time', () => {
    const then = (hour: number) =>
      stood(incident).filter((each) => open(each, ms(hour), false)).map((each) => each.notice.revision);
    expect([11, 12, 13, 15, 17].map(then)).toEqual([[], [1], [2], [2], []]);
  });
});

it('reads the time of an id', () => {
  expect(timeOf('019ab000-0000-7000-8000-000000000001')).toBe(0x019ab0000000);
});
