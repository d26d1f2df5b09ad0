// Dates: instants as paper needs them: with the year and the milliseconds, in figures that are
// the same in every language, and by day, so that a night's record is read over midnight.

import { MONTHS, ms, two } from '../lib/clock.svelte';

/** `23 NOV 2026`, in UTC. */
export function day(at: number): string {
  const d = new Date(at);
  return `${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()] ?? ''} ${d.getUTCFullYear()}`;
}

/** `1204:31.120Z`. */
export function exact(at: number): string {
  const [, time = ''] = new Date(at).toISOString().split('T');
  return `${time.slice(0, 2)}${time.slice(3)}`;
}

/** `23 NOV 2026 1204:31.120Z`. */
export const full = (at: number): string => `${day(at)} ${exact(at)}`;

/** `23 NOV 2026 1204Z`, for what is planned to the minute. */
export const planned = (at: number): string => `${day(at)} ${exact(at).slice(0, 4)}Z`;

/** `T+0:00:31.120`, `T−…` before: how long after the first entry. */
export function after(at: number, first: number): string {
  const far = Math.abs(at - first);
  const hours = Math.floor(far / 3_600_000);
  const rest = new Date(far % 3_600_000).toISOString().slice(14, 23);
  return `T${at < first ? '−' : '+'}${hours}:${rest}`;
}

const RELATIVE = /^([+\-\u2212])\s*(\d{1,5})\s*(min|h|d)$/;
const CLOCK = /^(\d{2}):?(\d{2})(?::?(\d{2}))?Z?$/i;
const DATED = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):?(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?Z?$/i;
const NAMED = /^(\d{1,2}) ([A-Z]{3})(?: (20\d{2})(?= \d|$))?(?: (\d{2}):?(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?Z?$/;
const SPANS: Record<string, number> = { min: 60_000, h: 3_600_000, d: 86_400_000 };

/** The instant that an officer typed, in UTC, in any of the forms in which this page writes one;
 * `null` if it is none. A time alone is the last one that there was. */
export function parsed(typed: string, now: number): number | null {
  const text = typed.trim();
  const relative = RELATIVE.exec(text.toLowerCase());
  if (relative) {
    const far = Number(relative[2]) * (SPANS[relative[3] ?? ''] ?? 0);
    return relative[1] === '+' ? now + far : now - far;
  }
  const today = new Date(now);
  const clock = CLOCK.exec(text);
  if (clock) {
    const at = utc(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate(), clock.slice(1));
    return at !== null && at > now ? at - 86_400_000 : at;
  }
  const dated = DATED.exec(text);
  if (dated) return utc(Number(dated[1]), Number(dated[2]) - 1, Number(dated[3]), dated.slice(4));
  const named = NAMED.exec(text.toUpperCase());
  if (!named) return null;
  const year = named[3] ? Number(named[3]) : today.getUTCFullYear();
  return utc(year, MONTHS.indexOf(named[2] ?? ''), Number(named[1]), named.slice(4));
}

/** Null if there is no such day or time. */
function utc(year: number, month: number, date: number, time: (string | undefined)[]): number | null {
  const [hour = 0, minute = 0, second = 0] = time.map((each) => Number(each ?? 0));
  const milli = Number((time[3] ?? '').padEnd(3, '0'));
  if (hour > 23 || minute > 59 || second > 59 || month < 0) return null;
  const at = new Date(Date.UTC(year, month, date, hour, minute, second, milli));
  return at.getUTCMonth() === month && at.getUTCDate() === date ? at.getTime() : null;
}

/** What is listed, in its order, day by day; what has no time goes with what is before it. */
export function byDay<T extends { at: string | null }>(list: T[]): { day: string; items: T[] }[] {
  const days: { day: string; items: T[] }[] = [];
  for (const item of list) {
    const name = item.at ? day(ms(item.at)) : (days.at(-1)?.day ?? '–');
    if (days.at(-1)?.day === name) days.at(-1)?.items.push(item);
    else days.push({ day: name, items: [item] });
  }
  return days;
}
