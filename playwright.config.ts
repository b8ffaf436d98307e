import { defineConfig } from '@playwright/test';
import { chromiumArguments, findChromium } from './scripts/chromium.mjs';

export default defineConfig({
  testDir: 'e2e',
  // Each worker is a browser of its own; small machines have room for one.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  reporter: 'list',
  use: {
    headless: true,
    launchOptions: { executablePath: findChromium(), args: chromiumArguments },
  },
});
