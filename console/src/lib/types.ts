// Types: the node's own, by their names. They are generated from the API's description
// (`npm run types`); nothing is stated here a second time.

import type { components } from './schema';

type Schemas = components['schemas'];

export type NodeItem = Schemas['NodeItem'];
export type LinkItem = Schemas['LinkItem'];
export type TermsItem = Schemas['TermsItem'];
export type WatchItem = Schemas['WatchItem'];
export type NoticeItem = Schemas['NoticeItem'];
export type ConflictItem = Schemas['ConflictItem'];
export type CallItem = Schemas['CallItem'];
export type TestItem = Schemas['TestItem'];
export type TalkItem = Schemas['Talk'];
export type LineItem = Schemas['LineItem'];
export type Track = Schemas['Track'];
export type TrackAlarm = Schemas['Alarm'];
export type Receiver = Schemas['Receiver'];
export type Seen = Schemas['Seen'];
export type Utterance = Schemas['Utterance'];
export type Volume = Schemas['Volume'];
export type Position = Schemas['Position'];
export type Altitude = Schemas['Altitude'];
export type Minima = Schemas['Minima'];
export type Certainty = Schemas['ConflictItem']['certainty'];
export type Band = Schemas['Band'];
export type Outline = Volume['outline'];
export type EntryView = Schemas['EntryView'];
export type LogPage = Schemas['LogPage'];
export type Incident = Schemas['Incident'];
export type Reliability = Schemas['Reliability'];
export type Whole = Schemas['Whole'];
export type Phrase = Schemas['Utterance']['phrases'][number];
export type Done = Schemas['Done'];
export type Precedence = 'flash' | 'immediate' | 'priority' | 'routine';

/** Who is signed in, and what that role may do and see. */
export interface Session {
  officer: string;
  title: string;
  role: string;
  may: string[];
  demo: boolean;
  expires_at: string;
  party: string;
  party_title: string;
}

/** The lists of a picture, each by the id of its items. */
export interface Lists {
  node: NodeItem;
  links: LinkItem;
  terms: TermsItem;
  watch: WatchItem;
  notices: NoticeItem;
  conflicts: ConflictItem;
  calls: CallItem;
  tests: TestItem;
  lines: LineItem;
  talks: TalkItem;
  receivers: Receiver;
  track_alarms: TrackAlarm;
  seen: Seen;
}
export type Kind = keyof Lists;
