// Clock: the node's clock, as the page knows it. Every age and countdown is made from it;
// the machine's own clock is never shown, for it may be wrong by hours.

class Clock {
  /** The node's time in ms since the epoch; it moves four times a second. */
  now = $state(0);
  /** When the page last heard the node, by `performance.now()`. */
  heard = $state(-Infinity);
  /** How long ago that is, in ms. */
  silent = $state(0);
  #offset = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Take in the node's time, as it was just said. */
  told(at: string): void {
    const local = performance.now();
    this.#offset = Date.parse(at) - local;
    this.heard = local;
    this.#tick();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), 250);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const local = performance.now();
    this.now = Math.max(this.now, Math.round(local + this.#offset));
    this.silent = local - this.heard;
  }
}

export const clock = new Clock();

/** ms since the epoch of an instant as the node writes it. */
export const ms = (at: string): number => Date.parse(at);

/** The instant as the node writes it. */
export const instant = (at: number): string => new Date(at).toISOString();

/** At least two figures. */
export const two = (n: number): string => String(Math.trunc(n)).padStart(2, '0');

/** `23 NOV 1204:31Z`, as a watch reads it. Digits and months are the same in every language. */
export function zulu(at: number, seconds = true): string {
  const d = new Date(at);
  const month = MONTHS[d.getUTCMonth()] ?? '';
  const time = two(d.getUTCHours()) + two(d.getUTCMinutes());
  return `${two(d.getUTCDate())} ${month} ${time}${seconds ? ':' + two(d.getUTCSeconds()) : ''}Z`;
}

/** `1204Z`. */
export function hhmm(at: number): string {
  const d = new Date(at);
  return `${two(d.getUTCHours())}${two(d.getUTCMinutes())}Z`;
}

/** `00:38`, `1:02:09`, `3d 04h`: a span for a countdown or an age, never negative. */
export function span(length: number): string {
  const s = Math.max(0, Math.floor(length / 1000));
  if (s >= 86_400) return `${Math.floor(s / 86_400)}d ${two(Math.floor(s / 3600) % 24)}h`;
  if (s >= 3_600) return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${two(Math.floor(s / 60))}:${two(s % 60)}`;
}

export const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
