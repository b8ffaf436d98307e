import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArguments, findChromium } from './scripts/chromium.mjs';
import { missingPackages, suitesWithout } from './scripts/debian.mjs';
import { sourceAliases } from './scripts/workspace.mjs';

// Tests run from the sources: no build comes first.
const resolve = { alias: sourceAliases() };

const chromium = findChromium();
if (chromium === undefined && process.env.CI) throw new Error('No Chromium found: install it or set CHROMIUM_PATH');
if (chromium === undefined) console.warn('No Chromium found (CHROMIUM_PATH): tests in the browser are left out');

const packages = missingPackages();
const withoutPackages = suitesWithout(packages);
if (packages.length > 0 && process.env.CI) throw new Error(`Not installed: ${packages.join(' ')}`);
if (packages.length > 0) console.warn(`Not installed: ${packages.join(' ')}; left out: ${withoutPackages.join(' ')}`);

const node = {
  extends: true as const,
  resolve,
  test: {
    name: 'node',
    environment: 'node',
    include: ['packages/*/test/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      '**/*.browser.test.{ts,tsx}',
      'test/packed/**',
      'test/brokers/**',
      ...withoutPackages,
    ],
  },
};

// Our client against other brokers, each started for its file: once will do, whatever the version of Node.
const brokers = {
  extends: true as const,
  resolve,
  test: {
    name: 'brokers',
    environment: 'node',
    include: ['test/brokers/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...withoutPackages],
    testTimeout: 15_000,
  },
};

const browser = {
  extends: true as const,
  resolve,
  // Found while a test runs, a dependency makes Vite reload the page under it; so they are named before.
  optimizeDeps: {
    include: [
      'fast-check',
      '@stomp/stompjs',
      'preact',
      'preact/hooks',
      'preact/jsx-runtime',
      'preact/jsx-dev-runtime',
      '@preact/signals',
      'uplot',
    ],
  },
  test: {
    name: 'browser',
    // Core must behave alike on every platform: its tests run in both projects unless their name says otherwise.
    include: ['packages/core/test/**/*.test.ts', 'packages/*/test/**/*.browser.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/*.node.test.ts'],
    globalSetup: 'test/fixtures/houses-for-pages.ts',
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' as const }],
      provider: playwright({
        // The servers of tests make their certificates up.
        launchOptions: { executablePath: chromium, args: [...chromiumArguments, '--ignore-certificate-errors'] },
      }),
    },
  },
};

// Installs the packed packages the way a user would; no aliases, the built files are what is tested.
const packed = {
  extends: true as const,
  test: { name: 'packed', include: ['test/packed/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
};

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    passWithNoTests: true,
    projects: [
      node,
      brokers,
      ...(chromium === undefined ? [] : [browser]),
      ...(existsSync('test/packed') ? [packed] : []),
    ],
  },
});
