import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Outside Electron its module would start a download; a recording stub that knows only what the shell uses stands in.
const electron = fileURLToPath(new URL('main/shell/electron/testing/electron-stub.ts', import.meta.url));

export default defineConfig({
  test: {
    // A test of a database waits for its server most of the time: one worker would leave a small machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        resolve: { alias: { electron } },
        test: {
          name: 'unit',
          include: ['{main,shared,verify,renderer,scripts}/**/*.test.ts'],
          environment: 'node',
          testTimeout: 30_000,
          // Starting a database takes a few seconds, more on a busy machine.
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
