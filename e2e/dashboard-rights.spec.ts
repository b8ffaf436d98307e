// The page for those who may not do everything, and for those whose login ends.

import type { Page } from '@playwright/test';
import { expectIn, logIn, openForm } from './dashboard-login.ts';
import { expect, run, test as base } from './dashboard-page.ts';
import { type GuardedServer, startGuarded } from './guarded-server.ts';

const test = base.extend<object, { demo: GuardedServer }>({
  demo: [
    async ({ browserName: _ }, use) => {
      const guarded = await startGuarded();
      await use(guarded);
      await guarded.stop();
    },
    { scope: 'worker' },
  ],
});

test.beforeEach(({ demo }) => {
  demo.users = new Set(['ann', 'bob', 'a-token']);
  demo.forbidden = new Set();
  demo.lasting = Infinity;
  demo.asked.length = 0;
});

const banner = (page: Page) => page.getByRole('banner');
const answer = (page: Page) => page.getByRole('group', { name: 'Answer' });
const events = (page: Page) => page.getByRole('region', { name: 'Events, newest first' });
const reading = (page: Page) => page.getByRole('region', { name: 'Processor' }).locator('.reading strong');

async function enter(page: Page): Promise<void> {
  await openForm(page);
  await logIn(page, 'ann', 'ann');
  await expectIn(page);
}

test('a call without the right to it is answered in words', async ({ page, demo }) => {
  demo.forbidden = new Set(['add', 'emit', 'rpc.methods', 'host.getStats']);
  await enter(page);
  await expect(reading(page)).toHaveText('25%');
  await run(page, 'add');
  await expect(answer(page)).toContainText('The server does not let ann call add.');
  await expect(answer(page)).toContainText('-32001');
  await page.getByRole('button', { name: 'Emit demo.hello' }).click();
  await expect(events(page)).toContainText('The server does not let ann call emit.');
  expect(demo.asked).toEqual(['', 'ann']);
});

test('without the right to all events the charts still have theirs', async ({ page, demo }) => {
  demo.forbidden.add('/topic/#');
  await enter(page);
  await expect(events(page)).toContainText(/does not let ann watch other events than host\.stats/);
  await expect(page.getByRole('button', { name: /host\.stats/ })).not.toContainText('×0');
  await expect(reading(page)).toHaveText('25%');
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  // One connection for each thing asked for.
  expect(demo.asked).toEqual(['', 'ann', 'ann']);
  expect(demo.server.sessions.size).toBe(1);
  await expect(page.getByTestId('reconnects')).toHaveText('0');

  await page.getByRole('button', { name: 'Cut the connection' }).click();
  await expect(page.getByTestId('reconnects')).toHaveText('1');
  expect(demo.asked).toEqual(['', 'ann', 'ann', 'ann']);
});

test('without the right to any events the page says so, and stays connected', async ({ page, demo }) => {
  demo.forbidden = new Set(['/topic/#', '/topic/host.stats', 'host.getStats']);
  await enter(page);
  await expect(events(page)).toContainText('The server does not let ann watch events.');
  await expect(page.getByText('No right to the figures')).toHaveCount(3);
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  await expect(page.getByText('for 3 s')).toBeVisible();
  expect(demo.asked).toEqual(['', 'ann', 'ann', 'ann']);
});

test('a right that is lost meanwhile ends nothing else', async ({ page, demo }) => {
  await enter(page);
  await expect(events(page)).toContainText('Quiet so far');
  demo.forbidden.add('/topic/#');
  for (const session of demo.server.sessions) await session.close();
  await expect(events(page)).toContainText(/does not let ann watch other events/, { timeout: 10_000 });
  await expectIn(page);
  expect(demo.asked).toEqual(['', 'ann', 'ann', 'ann']);
});

test('a login whose time is over is said anew', async ({ page, demo }) => {
  demo.lasting = 2500;
  await enter(page);
  await expect.poll(() => demo.asked.length, { timeout: 10_000 }).toBe(3);
  await expectIn(page);
  // At once: it is only a matter of saying who it is.
  await expect(page.getByText(/Back after 0\.\d s/)).toBeVisible();
  await expect(page.getByTestId('missed')).toHaveText('0');
  expect(demo.asked).toEqual(['', 'ann', 'ann']);
});

test('a login whose time is over, and which is not taken any more, is asked for', async ({ page, demo }) => {
  demo.lasting = 2500;
  await enter(page);
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  demo.users.delete('ann');
  await expect(page.getByText(/Your login at localhost:\d+ is over/)).toBeVisible({ timeout: 10_000 });
  await expect(page.getByLabel('Name')).toHaveValue('ann');
  await expect(page.getByLabel('Passcode')).toBeFocused();
  expect(demo.asked).toEqual(['', 'ann', 'ann']);

  // The same one goes on where it was; what had been seen is still there, and nothing was missed.
  demo.users.add('ann');
  demo.lasting = Infinity;
  await logIn(page, 'ann', 'ann');
  await expectIn(page);
  await expect(page.getByRole('list', { name: 'Last calls' }).getByRole('listitem')).toHaveCount(1);
  await expect(page.getByTestId('missed')).toHaveText('0');

  // Somebody else sees nothing of it.
  demo.users.delete('ann');
  for (const session of demo.server.sessions) await session.close();
  await expect(page.getByLabel('Name')).toHaveValue('ann', { timeout: 10_000 });
  await logIn(page, 'bob', 'bob');
  await expectIn(page);
  await expect(banner(page).getByTitle('Logged in as bob')).toBeVisible();
  await expect(page.getByText('The last ten are kept here')).toBeVisible();
});

test('a token lets in, and is nobody’s name', async ({ page }) => {
  await openForm(page);
  await page.getByRole('button', { name: 'Use a token' }).click();
  await page.getByLabel('Token').fill(' a-token ');
  await page.keyboard.press('Enter');
  await expectIn(page);
  await expect(banner(page).getByTitle('Logged in by a token')).toBeVisible();
  await banner(page).getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByLabel('Name')).toBeFocused();
});

test('where strangers may look, the login is there for whoever wants more', async ({ page, demo }) => {
  demo.users.add('');
  await page.goto('/');
  await expectIn(page);
  await expect(page.getByRole('button', { name: /Log (in|out)/ })).toHaveCount(0);
  demo.forbidden.add('add');
  await run(page, 'add');
  await expect(answer(page)).toContainText('The server does not let you call add.');

  await banner(page).getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Go on without' }).click();
  await expectIn(page);
  expect(demo.asked).toEqual(['']);

  await banner(page).getByRole('button', { name: 'Log in' }).click();
  demo.forbidden.clear();
  await logIn(page, 'ann', 'ann');
  await expectIn(page);
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  await banner(page).getByRole('button', { name: 'Log out' }).click();
  await expectIn(page);
  await expect(banner(page).getByRole('button', { name: 'Log out' })).toHaveCount(0);
  await expect.poll(() => demo.asked).toEqual(['', 'ann', '']);
});
