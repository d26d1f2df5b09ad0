// Worker: the check runs beside the page, so that a call can ring while it does.

import { verifyBundle } from './bundle';

interface Asked {
  raw: Uint8Array;
}

self.onmessage = (event: MessageEvent<Asked>) => {
  void verifyBundle(event.data.raw, (progress) => self.postMessage({ progress }), () => false).then(
    (report) => self.postMessage({ report }),
  );
};
