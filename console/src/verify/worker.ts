// Worker: the check runs beside the page, so that a call can ring while it does. Whatever ends it is
// told: a report, or why there is none.

import { verifyBundle } from './bundle';
import type { Progress, Report } from './report';

/** What the worker says; one `report` or one `broken` is the last of it. */
export type Told = { progress: Progress } | { report: Report } | { broken: string };

const tell = (told: Told): void => self.postMessage(told);

self.onmessage = async (event: MessageEvent<Blob>) => {
  try {
    const raw = new Uint8Array(await event.data.arrayBuffer());
    tell({ report: verifyBundle(raw, (progress) => tell({ progress })) });
  } catch (error) {
    tell({ broken: error instanceof Error ? error.message : String(error) });
  }
};
