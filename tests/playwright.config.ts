/**
 * End-to-end and security tests: real Electron on private desktops, one a worker.
 */
import { defineConfig } from 'playwright/test';

const configuration = defineConfig({
  testDir: '.',
  testMatch: ['e2e/**/*.spec.ts', 'security/**/*.spec.ts'],
  outputDir: '../test-results',
  workers: 2,
  fullyParallel: false,
  timeout: 60_000,
  // A test that needs a second try hides a fault.
  retries: 0,
  reporter: 'list',
  forbidOnly: process.env.CI !== undefined,
});

// Playwright reads the default export.
export default configuration;
