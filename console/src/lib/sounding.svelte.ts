// Sounding: what is heard at this desk, made from the picture alone. What rings goes on until a
// human answers it, or silences it for 60 s; so does a desk that hears its node no more.
// Every other alarm sounds once when it comes, or as soon as it can be heard: when nothing rings
// any more and the sound is armed; one that cannot wait, again each minute until it is seen or over.

import { untrack } from 'svelte';
import { alarms, type Alarm } from './alarms.svelte';
import { armed } from './armed.svelte';
import { clock } from './clock.svelte';
import { picture } from './picture.svelte';
import { session } from './session.svelte';
import { sound, type Pattern } from './sound';
import type { Precedence } from './types';

const REMINDER_MS = 60_000;
/** What fails of our own, by the name under which it is silenced. */
export const OWN_FAULT = 'own-fault';

class Sounding {
  /** Whether this desk hears nothing, or nothing to be believed: the node is not heard or cannot
   * record, or the session ended by itself. */
  failed = $derived(
    session.ended || picture.state === 'lost' || Boolean(picture.node.get('node')?.unsafe),
  );

  /** What rings now, without an end: a call first, since its text may be all that is left. */
  ringing = $derived.by<Pattern | null>(() => {
    if (alarms.sounding) return alarms.sounding.precedence as Precedence;
    if (this.failed && !alarms.isSilenced(OWN_FAULT)) return 'fault';
    // A desk that rang beside a telephone would answer first, and the telephone be never proven.
    return alarms.tests.some((test) => !test.desk_at && !alarms.isSilenced(test.id)) ? 'test' : null;
  });

  /** What sounds without ringing: all else that demands an act. */
  reminders = $derived<Alarm[]>(
    alarms.list.filter((each) => each.what !== 'call' && each.what !== 'test'),
  );
}

export const sounding = new Sounding();

/** Have it heard; to be called while a component is made. */
export function hear(): void {
  $effect(() => {
    if (sounding.ringing) sound.ring(sounding.ringing);
    else sound.hush();
  });

  /** When each alarm that is there was heard last, by the node's clock. */
  const sounded = new Map<string, number>();
  const minute = $derived(Math.floor(clock.now / REMINDER_MS));
  $effect(() => {
    void minute;
    const alarmed = sounding.reminders;
    const now = untrack(() => clock.now);
    for (const id of sounded.keys()) {
      if (!alarmed.some((each) => each.id === id)) sounded.delete(id);
    }
    // What is not heard now has not sounded: it waits for the end of what rings, and for the sound.
    if (sounding.ringing || !armed.on) return;
    const due = alarmed.filter((each) => isDue(each, sounded.get(each.id), now));
    if (!due[0] || !sound.once(due[0].precedence)) return;
    for (const each of due) sounded.set(each.id, now);
  });
}

/** Whether an alarm is to be heard: when it is new, and each minute if it cannot wait. */
function isDue(alarm: Alarm, last: number | undefined, now: number): boolean {
  return last === undefined || (alarm.precedence === 'immediate' && now - last >= REMINDER_MS - 1_000);
}
