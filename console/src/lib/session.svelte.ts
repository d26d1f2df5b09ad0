// Session: who is signed in at this desk, and what that role may do. The node decides; the
// page only does not offer what would be refused.

import { get, onSignedOut, post, Refused } from './api';
import { desk } from './desk.svelte';
import { picture } from './picture.svelte';
import type { Session } from './types';

class Held {
  who = $state.raw<Session | null>(null);
  /** Whether it is known yet if anybody is signed in. */
  known = $state(false);
  /** Whether the session ended by itself: then the officer is told, and goes on after signing in. */
  ended = $state(false);

  /** Who was signed in last. */
  #last = '';

  /** Ask the node who is signed in, and begin to show the picture if somebody is. */
  async first(): Promise<void> {
    onSignedOut(() => this.over());
    picture.whenSignedOut = () => this.over();
    for (;;) {
      try {
        this.who = await get<Session>('session');
        // What was open is for whoever opened it: the next officer at this desk begins anew.
        if (this.#last && this.#last !== this.who.officer) {
          desk.close();
          desk.live();
        }
        this.#last = this.who.officer;
        this.known = true;
        this.ended = false;
        await picture.start();
        return;
      } catch (error) {
        if (error instanceof Refused && error.code === 'signed_out') {
          this.who = null;
          this.known = true;
          return;
        }
        await new Promise((again) => setTimeout(again, 1_000));
      }
    }
  }

  async signOut(): Promise<void> {
    await post('sign-out', {});
    this.over();
    this.leaveDesk();
  }

  over(): void {
    this.ended = this.who !== null || this.ended;
    this.who = null;
    picture.signedOut();
  }

  /** Say that this desk need not be heard: nobody keeps a watch at it. */
  leaveDesk(): void {
    this.ended = false;
  }

  /** Whether the role may do a command, by its name in the API. */
  may(command: string): boolean {
    return this.who?.may.includes(command) ?? false;
  }
}

export const session = new Held();
