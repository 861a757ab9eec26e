/**
 * Every `*.test.ts` below tests/, on the runtime that ships: Electron's own Node.
 * Run as `ELECTRON_RUN_AS_NODE=1 electron node_modules/vitest/vitest.mjs run`; worker processes
 * inherit the variable, and a test that starts the real app must take it out of the app's environment.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    // Processes and not threads: native modules and the linters' APIs are not all safe in threads.
    pool: 'forks',
    reporters: ['default'],
  },
});
