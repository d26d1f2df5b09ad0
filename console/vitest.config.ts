// The unit tests: what they need beside the page's own build. They need no page, and no browser.

import { defineConfig, mergeConfig } from 'vitest/config';
import page from './vite.config.ts';

export default mergeConfig(
  page,
  defineConfig({
    assetsInclude: ['**/*.bundle'],
    test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
  }),
);
