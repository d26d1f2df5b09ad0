// Acting: one thing that the officer has asked for: under way, done, or refused and why. Two
// presses of one button are one act.

import { command, Refused } from './api';
import type { Done } from './types';
import { words } from './words.svelte';

export class Acting {
  busy = $state(false);
  fault = $state('');
  code = $state('');

  /** Do it; returns what the node did, or null with the fault in words. */
  async run<T>(what: () => Promise<T>): Promise<T | null> {
    if (this.busy) return null;
    this.busy = true;
    this.fault = this.code = '';
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.code = error.code;
      this.fault = faultOf(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** Have a command done. */
  command(name: string, body: object): Promise<Done | null> {
    return this.run(() => command(name, body));
  }
}

/** What was wrong, in the officer's language where there are words for it; nothing if nothing was. */
export function faultOf(fault: { code: string; phrase: string } | undefined): string {
  if (!fault) return '';
  const key = `mistake.${fault.code}`;
  return words.has(key) && words.language !== 'en' ? `${words.say(key)} (${fault.phrase})` : fault.phrase;
}
