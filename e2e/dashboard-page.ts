// The page of a running demo, for tests: each has one of its own, and none may leave an error behind.

import { expect, test as base, type Page } from '@playwright/test';
import { type DemoServer, startDemo } from './demo-server.ts';

export { expect };

interface PageFixtures {
  /** Errors in the console, uncaught ones, requests that failed or went elsewhere, and what the page's policy refused. */
  problems: string[];
}

export const test = base.extend<PageFixtures, { demo: DemoServer }>({
  demo: [
    async ({ browserName: _ }, use) => {
      const demo = await startDemo();
      await use(demo);
      await demo.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ demo }, use) => use(demo.url),
  problems: [
    async ({ page, demo }, use) => {
      const problems: string[] = [];
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('response', (response) => response.status() >= 400 && problems.push(response.url()));
      page.on('request', (request) => !request.url().startsWith(demo.url) && problems.push(request.url()));
      await page.exposeFunction('refused', (text: string) => problems.push(text));
      await page.addInitScript(() => {
        const { refused } = window as unknown as { refused: (text: string) => void };
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
          refused(`${violatedDirective}: ${blockedURI}`),
        );
      });
      await use(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens the page and waits until it is connected. */
export async function open(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Connected');
}

/** Takes an example of the console, with other parameters if given, and runs it. */
export async function run(page: Page, method: string, params?: string): Promise<void> {
  await page.getByRole('group', { name: 'Examples' }).getByRole('button', { name: method, exact: true }).click();
  if (params !== undefined) await page.getByLabel('Parameters').fill(params);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
}
