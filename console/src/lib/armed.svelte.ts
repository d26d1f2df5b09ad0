// Armed: whether the sound can be heard, asked of the audio itself and never remembered: a
// page that was reloaded is not armed until a gesture, and says so in red. While something
// rings unheard, any gesture will do: whoever touches the desk is to hear it.

import { sound } from './sound';

class Armed {
  on = $state(false);

  constructor() {
    setInterval(() => this.look(), 1_000);
    for (const gesture of ['pointerdown', 'keydown']) {
      addEventListener(gesture, () => { if (!sound.armed && sound.ringing) void this.arm(); }, true);
    }
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
