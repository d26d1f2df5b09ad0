// Note: a text and the signature lines below it. It says what was signed and by which names; whether
// a signature holds is `signed`. Source: C2SP signed-note.

import { textOf, unbase64, utf8, Wrong } from './bytes';

export interface SignatureLine {
  name: string;
  /** The first four bytes: which of the name's keys. */
  keyId: Uint8Array;
  /** What is behind them. */
  raw: Uint8Array;
}

export interface Note {
  /** With the newline at its end. */
  text: string;
  signatures: SignatureLine[];
}

const MAX_BYTES = 131_072;
const MAX_SIGNATURES = 16;
const MAX_NAME_BYTES = 255;
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const LINE = /^— ([^+\p{White_Space}]+) (\S+)$/u;

/** The note that these bytes are; Wrong `malformed` or `too_large`. */
export function readNote(raw: Uint8Array): Note {
  if (raw.length > MAX_BYTES) throw new Wrong('too_large', 'a note has at most 131,072 bytes');
  const whole = textOf(raw);
  if (CONTROL.test(whole)) throw new Wrong('malformed', 'a control character');
  const gap = whole.lastIndexOf('\n\n');
  if (gap < 0) throw new Wrong('malformed', 'no empty line');
  return { text: whole.slice(0, gap + 1), signatures: readSignatures(whole.slice(gap + 2)) };
}

/** The signature lines that this text is, at least one; Wrong `malformed` or `too_large`. */
export function readSignatures(text: string): SignatureLine[] {
  if (!text.endsWith('\n')) throw new Wrong('malformed', 'no signature, or no newline at the end');
  const lines = text.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new Wrong('too_large', 'more than 16 signatures');
  return lines.map(readLine);
}

function readLine(line: string): SignatureLine {
  const [, name, spelled] = LINE.exec(line) ?? [];
  if (!name || !spelled || CONTROL.test(line)) throw new Wrong('malformed', 'not a signature line');
  if (utf8(name).length > MAX_NAME_BYTES) throw new Wrong('too_large', 'a name above 255 bytes');
  const raw = unbase64(spelled);
  if (raw.length < 5) throw new Wrong('malformed', 'a key id without a signature');
  return { name, keyId: raw.subarray(0, 4), raw: raw.subarray(4) };
}
