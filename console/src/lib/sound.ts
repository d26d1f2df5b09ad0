// Sound: four precedences, four pulse patterns, and a gentle one; armed by a gesture, since a
// browser is mute until then. It sounds alone: it never says that anything was heard.

import type { Precedence } from './types';

export type Pattern = Precedence | 'notice' | 'test' | 'fault';

/** Pulses of one round: pitch in Hz, length and the pause after it in s; then a rest. */
const PATTERNS: Record<Pattern, { pulses: [number, number, number][]; rest: number }> = {
  flash: {
    pulses: [[1400, 0.09, 0.05], [1400, 0.09, 0.05], [1400, 0.09, 0.05], [1900, 0.22, 0.04]],
    rest: 0.25,
  },
  immediate: { pulses: [[1000, 0.16, 0.12], [1000, 0.16, 0.12], [1250, 0.16, 0.12]], rest: 0.9 },
  priority: { pulses: [[800, 0.22, 0.2], [640, 0.22, 0.2]], rest: 2.4 },
  routine: { pulses: [[600, 0.35, 0.1]], rest: 5 },
  notice: { pulses: [[520, 0.14, 0.08], [660, 0.14, 0.08]], rest: 1e9 },
  test: { pulses: [[480, 0.2, 0.1], [480, 0.2, 0.1]], rest: 8 },
  fault: { pulses: [[330, 0.5, 0.1], [247, 0.7, 0.1]], rest: 4 },
};

/** How long it is quiet after a ring before anything else sounds, so that no two are one. */
const GAP_S = 0.3;

class Sound {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pattern: Pattern | null = null;
  /** Until when the last round of a ring, or of the self-test, has the audio for itself. */
  #over = 0;

  /** Whether the browser lets it sound. Never assumed: asked of the audio itself. */
  get armed(): boolean {
    return this.#context?.state === 'running';
  }

  /** Whether something rings, heard or not. */
  get ringing(): boolean {
    return this.#pattern !== null;
  }

  /** Arm by a gesture, with one round of `flash` as the audible self-test. */
  async arm(): Promise<boolean> {
    await this.#audio().resume();
    if (this.armed && this.#pattern === null) this.#alone('flash');
    return this.armed;
  }

  /** Ring with a pattern until told otherwise; a pattern that rings already goes on. */
  ring(pattern: Pattern): void {
    if (this.#pattern === pattern) return;
    this.hush();
    this.#pattern = pattern;
    // A browser that is set up to let a page sound without a gesture does so now; in any
    // other this waits, unanswered, for the gesture.
    if (!this.armed) void this.#audio().resume();
    this.#begin();
  }

  /** Sound a pattern once, after what has rung; return whether it is heard. */
  once(pattern: Pattern): boolean {
    if (this.#pattern !== null || !this.armed) return false;
    this.#round(pattern, this.#over);
    return true;
  }

  hush(): void {
    clearTimeout(this.#timer);
    this.#pattern = null;
  }

  /** The audio; whatever rings is heard from the moment in which the browser lets it sound. */
  #audio(): AudioContext {
    if (this.#context) return this.#context;
    const context = new AudioContext({ latencyHint: 'interactive' });
    context.addEventListener('statechange', () => {
      if (this.armed && this.#pattern !== null) this.#begin();
    });
    this.#context = context;
    return context;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#again();
    if (this.armed) performance.mark('sound');
  }

  #again(): void {
    if (this.#pattern === null) return;
    const length = this.#alone(this.#pattern) + PATTERNS[this.#pattern].rest;
    this.#timer = setTimeout(() => this.#again(), Math.min(length, 60) * 1_000);
  }

  /** Sound one round into which nothing else sounds; return its length in s. */
  #alone(pattern: Pattern): number {
    const length = this.#round(pattern);
    this.#over = (this.#context?.currentTime ?? 0) + length + GAP_S;
    return length;
  }

  /** Sound one round, now or, if that is later, from a time of the audio's; return its length
   * in s. */
  #round(pattern: Pattern, from = 0): number {
    const context = this.#context;
    const first = Math.max(context?.currentTime ?? 0, from);
    let at = 0;
    for (const [pitch, length, pause] of PATTERNS[pattern].pulses) {
      if (context && this.armed) pulse(context, pitch, first + at, length);
      at += length + pause;
    }
    return at;
  }
}

function pulse(context: AudioContext, pitch: number, at: number, length: number): void {
  const tone = context.createOscillator();
  const gain = context.createGain();
  tone.type = 'square';
  tone.frequency.value = pitch;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.25, at + 0.008);
  gain.gain.setValueAtTime(0.25, at + length - 0.015);
  gain.gain.linearRampToValueAtTime(0, at + length);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + length + 0.01);
  tone.onended = () => {
    tone.disconnect();
    gain.disconnect();
  };
}

export const sound = new Sound();
