// Logging in and out of the page of a demo that knows one user.

import type { Page } from '@playwright/test';
import { lowContrast, unnamedControls } from './dashboard-audit.ts';
import { expectIn, logIn, openForm } from './dashboard-login.ts';
import { expect, run, test as base } from './dashboard-page.ts';
import { type DemoServer, startDemo } from './demo-server.ts';

const login = { name: 'ann', passcode: 'open: "sesame" \\ 1' };

/** A demo that can go away and come back. */
interface Demo extends DemoServer {
  start(): Promise<void>;
}

const test = base.extend<object, { demo: Demo }>({
  demo: [
    async ({ browserName: _ }, use) => {
      let running = await startDemo({ login });
      const { url } = running;
      const demo: Demo = {
        url,
        stop: () => running.stop(),
        start: async () => void (running = await startDemo({ login, port: new URL(url).port })),
      };
      await use(demo);
      await running.stop();
    },
    { scope: 'worker' },
  ],
});

const banner = (page: Page) => page.getByRole('banner');
const refused = (page: Page) => page.getByRole('alert').filter({ hasText: 'The server refuses' });
const answer = (page: Page) => page.getByRole('group', { name: 'Answer' });

test('a wrong passcode is said to be wrong, and a right one opens', async ({ page }) => {
  await openForm(page);
  await expect(page).toHaveTitle('Log in · Sallyport');
  await expect(banner(page).getByText('Log out')).toBeHidden();
  await logIn(page, 'ann', 'sesame');
  await expect(page.getByRole('main').getByRole('status')).toHaveText('Checking');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeDisabled();
  await expect(refused(page)).toHaveText('The server refuses this name and passcode.');
  await expect(page.getByLabel('Passcode')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Passcode')).toHaveAccessibleDescription('The server refuses this name and passcode.');

  await logIn(page, 'ann', login.passcode);
  await expectIn(page);
  await expect(page).toHaveTitle('Sallyport');
  await expect(banner(page).getByTitle('Logged in as ann')).toBeVisible();
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  await expect(page.locator('.reading strong').first()).toHaveText(/^\d+%$/);
});

test('the keyboard is enough', async ({ page }) => {
  await openForm(page);
  await expect(page.getByLabel('Name')).toBeFocused();
  await page.keyboard.type('ann');
  await page.keyboard.press('Tab');
  await page.keyboard.type('sesam');
  await page.keyboard.press('Enter');
  await expect(refused(page)).toBeVisible();
  // What was wrong is selected, to be typed over.
  await expect(page.getByLabel('Passcode')).toBeFocused();
  await page.keyboard.type(login.passcode);
  await page.keyboard.press('Enter');
  await expectIn(page);
});

test('password managers know the fields, and nothing else is stored', async ({ page, context }) => {
  await openForm(page);
  await expect(page.getByLabel('Name')).toHaveAttribute('autocomplete', 'username');
  await expect(page.getByLabel('Passcode')).toHaveAttribute('autocomplete', 'current-password');
  await expect(page.getByLabel('Passcode')).toHaveAttribute('type', 'password');
  await logIn(page, 'ann', login.passcode);
  await expectIn(page);
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  expect(new URL(page.url()).href).toBe(new URL('/', page.url()).href);
  expect(await context.cookies()).toEqual([]);
  await page.reload();
  await expect(page.getByLabel('Passcode')).toHaveValue('');
});

test('a token is refused as a token', async ({ page }) => {
  await openForm(page);
  await page.getByRole('button', { name: 'Use a token' }).click();
  await expect(page.getByLabel('Token')).toBeFocused();
  await page.getByLabel('Token').fill(' abc ');
  await page.keyboard.press('Enter');
  await expect(refused(page)).toHaveText('The server refuses this token.');
  // Of a name and passcode nothing has been said.
  await page.getByRole('button', { name: 'Use a name and passcode' }).click();
  await expect(refused(page)).toBeHidden();
});

test('who logs out leaves nothing behind', async ({ page }) => {
  await openForm(page);
  await logIn(page, 'ann', login.passcode);
  await run(page, 'emit', '{ "name": "secret.plan" }');
  await expect(page.getByText('secret.plan', { exact: true })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Last calls' })).toBeVisible();
  await banner(page).getByRole('button', { name: 'Log out' }).click();
  // At once: nobody has to be asked.
  await expect(page.getByLabel('Name')).toBeFocused({ timeout: 500 });
  await expect(page.getByLabel('Name')).toHaveValue('');
  await expect(page.getByText('secret.plan')).toHaveCount(0);

  await logIn(page, 'ann', login.passcode);
  await expectIn(page);
  await expect(page.getByText('The last ten are kept here')).toBeVisible();
  await expect(page.getByTestId('reconnects')).toHaveText('0');
});

test('after a restart of the server the page logs in by itself', async ({ page, demo, problems }) => {
  await openForm(page);
  await logIn(page, 'ann', login.passcode);
  await expectIn(page);
  await demo.stop();
  await expect(banner(page).getByRole('status')).toHaveText('Reconnecting');
  await demo.start();
  await expectIn(page);
  await expect(banner(page).getByTitle('Logged in as ann')).toBeVisible();
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  // The browser itself complains of connections that failed.
  problems.length = 0;
});

test('a server that is away is waited for with what was typed', async ({ page, demo, problems }) => {
  await openForm(page);
  await demo.stop();
  await logIn(page, 'ann', login.passcode);
  await expect(page.getByText('The server does not answer; trying again.')).toBeVisible();
  await expect(page.getByLabel('Passcode')).toBeEditable();
  await demo.start();
  await expectIn(page);
  problems.length = 0;
});

test('commands to copy say who, and never the passcode', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openForm(page);
  await logIn(page, 'ann', login.passcode);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: 'Copy as sallyport call' }).click();
  await expect.poll(copied).toMatch(/--login 'ann'$/);
  await page.getByRole('button', { name: 'Copy as curl command' }).click();
  await expect.poll(copied).toContain("-u 'ann'");
  expect(await copied()).not.toContain('sesame');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the form stands out in the ${colorScheme} scheme, has names, and nothing of it moves`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 360, height: 740 });
    await openForm(page);
    const box = await page.locator('.login').boundingBox();
    await logIn(page, 'ann', 'sesame');
    await expect(page.getByText('Checking')).toBeVisible();
    expect(await page.evaluate(lowContrast, 4.5)).toEqual([]);
    await expect(refused(page)).toBeVisible();
    expect(await page.evaluate(lowContrast, 4.5)).toEqual([]);
    expect(await page.evaluate(unnamedControls)).toEqual([]);
    expect(await page.locator('.login').boundingBox()).toEqual(box);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await logIn(page, 'ann', login.passcode);
    await expectIn(page);
    await expect(banner(page).getByRole('button', { name: 'Log out' })).toBeInViewport({ ratio: 1 });
    expect(await page.evaluate(unnamedControls)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  });
}
