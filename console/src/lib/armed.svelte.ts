// Armed: whether the sound can be heard, asked of the audio itself and never remembered: a
// page that was reloaded is not armed until a gesture, and says so in red.

import { sound } from './sound';

class Armed {
  on = $state(false);

  constructor() {
    setInterval(() => this.look(), 1_000);
  }

  /** Arm by a gesture; the self-test sounds. Returns whether it is armed. */
  async arm(): Promise<boolean> {
    await sound.arm();
    this.look();
    return this.on;
  }

  look(): void {
    if (this.on !== sound.armed) this.on = sound.armed;
  }
}

export const armed = new Armed();
