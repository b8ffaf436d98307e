// What one does with the page, in a real browser against the demo.

import { hostname } from 'node:os';
import type { Locator, Page } from '@playwright/test';
import { expect, open, run, test } from './dashboard-page.ts';

const head = (page: Page) => page.getByRole('region', { name: 'Outcome of the call' }).getByRole('status');
const answer = (page: Page) => page.getByRole('group', { name: 'Answer' });
const events = (page: Page) => page.getByRole('region', { name: 'Events, newest first' });

test('the charts show this machine', async ({ page }) => {
  await open(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(hostname());
  for (const name of ['Processor', 'Memory']) {
    const card = page.getByRole('region', { name });
    await expect(card.locator('.reading strong')).toHaveText(/^\d+%$/);
    await expect(card.getByText('No figures yet')).toBeHidden();
    await expect.poll(() => accentPixels(card)).toBeGreaterThan(5);
  }
});

test('a call returns its result, and can be run again', async ({ page }) => {
  await open(page);
  await run(page, 'add');
  await expect(head(page)).toContainText('Result');
  await expect(answer(page)).toHaveText('5');

  await page.getByLabel('Parameters').fill('{ "a": 20, "b": 22 }');
  await page.getByLabel('Parameters').press('Control+Enter');
  await expect(answer(page)).toHaveText('42');

  const history = page.getByRole('list', { name: 'Last calls' }).getByRole('listitem');
  await expect(history).toHaveCount(2);
  await history.last().getByRole('button', { name: 'Run add again' }).click();
  await expect(answer(page)).toHaveText('5');
  await expect(history).toHaveCount(3);
});

test('an application error shows its code, message and data', async ({ page }) => {
  await open(page);
  await run(page, 'fail');
  await expect(head(page)).toContainText(/Error\s*1234/);
  await expect(answer(page).getByText('this method always fails')).toBeVisible();
  await expect(answer(page).getByText('1234', { exact: true })).toBeVisible();
  await expect(answer(page).getByText('an error can carry data')).toBeVisible();
});

test('while a call runs, the answer before it is not on show', async ({ page }) => {
  await open(page);
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
  await run(page, 'slow', '{ "ms": 60000 }');
  await expect(head(page)).toContainText('Running slow');
  await expect(answer(page)).toHaveText('Waiting for the answer.');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(head(page)).toContainText('Cancelled');

  await page.getByRole('button', { name: 'Cut the connection' }).click();
  await run(page, 'add');
  await expect(head(page)).toContainText('Waiting add');
  await expect(answer(page)).toHaveText('There is no connection: the call waits for it.');
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(answer(page)).toHaveText('5');
});

test('a slow call can be cancelled', async ({ page }) => {
  await open(page);
  const cancel = page.getByRole('button', { name: 'Cancel' });
  await expect(cancel).toBeDisabled();
  await run(page, 'slow', '{ "ms": 60000 }');
  await expect(head(page)).toContainText('Running');
  await cancel.click();
  await expect(head(page)).toContainText('Cancelled');
});

test('what is no JSON is said to be none, and not sent', async ({ page }) => {
  await open(page);
  const params = page.getByLabel('Parameters');
  const send = page.getByRole('button', { name: 'Run', exact: true });
  await params.fill('{ "a": 1,\n  b }');
  await expect(params).toHaveAccessibleDescription(/^Not JSON, line 2, column 3: /);
  await expect(page.getByText(/^Not JSON/)).toBeVisible();
  await expect(params).toHaveAttribute('aria-invalid', 'true');
  const bad = await page.getByText(/^Not JSON/).evaluate((element) => getComputedStyle(element).color);
  await expect(params).toHaveCSS('border-color', bad);
  await expect(send).toBeDisabled();
  await params.fill('nothing');
  await expect(params).toHaveAccessibleDescription(/^Not JSON/);
  await params.fill('7');
  await expect(params).toHaveAccessibleDescription(/they are an object/);
  await params.fill('');
  await expect(params).toHaveAccessibleDescription('An object, an array, or nothing');
  await expect(send).toBeEnabled();
});

test('methods are suggested, and chosen by the keyboard', async ({ page }) => {
  await open(page);
  const method = page.getByRole('combobox', { name: 'Method' });
  await method.fill('rpc.');
  await expect(page.getByRole('option', { name: 'rpc.methods' })).toBeVisible();
  await method.fill('ech');
  await method.press('ArrowDown');
  await expect(page.getByRole('option', { name: 'echo' })).toHaveAttribute('aria-selected', 'true');
  await method.press('Enter');
  await expect(method).toHaveValue('echo');
  await expect(method).toHaveAttribute('aria-expanded', 'false');
  await method.press('Enter');
  await expect(head(page)).toContainText('Result');
});

test('emitted events come in the list, share a line, and open', async ({ page }) => {
  await open(page);
  const lines = events(page).locator('summary');
  await page.getByRole('button', { name: 'Emit demo.hello' }).click();
  await expect(lines).toHaveText([/demo\.hello/]);
  await run(page, 'emit', '{ "name": "demo.many", "data": { "n": 7 }, "count": 300 }');
  // Those of one name together, and never more than 200 in all.
  await expect(lines).toHaveText([/demo\.many×200/]);
  await run(page, 'emit');
  await expect(lines).toHaveText([/demo\.hello×3/, /demo\.many×197/]);
  await lines.last().click();
  await expect(events(page).locator('pre').first()).toContainText('"n": 7');
});

test('each event of a line can be seen, and its data beside a long name', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page);
  const lines = events(page).locator('summary');
  for (let n = 1; n <= 5; n++) {
    await run(page, 'emit', `{ "name": "demo.same", "data": { "n": ${n} } }`);
    await expect(lines).toHaveText([new RegExp(`"n":${n}`)]);
  }
  await expect(lines).toHaveText([/demo\.same×5/]);
  await lines.click();
  await expect(events(page).locator('pre')).toHaveText([5, 4, 3, 2, 1].map((n) => new RegExp(`"n": ${n}`)));

  await run(page, 'emit', `{ "name": "demo.${'long'.repeat(20)}", "data": { "text": "as it should be" } }`);
  const preview = lines.first().getByText('{"text":"as it should be"}');
  await expect.poll(async () => (await preview.boundingBox())?.width).toBeGreaterThan(100);
});

test('a page that is looked at again does not wait to reconnect', async ({ page }) => {
  await open(page);
  for (const happening of ['online', 'pageshow', 'visibilitychange']) {
    await page.getByRole('button', { name: 'Cut the connection' }).click();
    await expect(page.getByText(/attempt 1 in/)).toBeVisible();
    await page.evaluate((type) => document.dispatchEvent(new Event(type, { bubbles: true })), happening);
    // By itself it would wait for 1.5 s at least.
    await expect(page.getByRole('banner').getByRole('status')).toHaveText('Connected', { timeout: 1000 });
  }
});

test('the list can be filtered, paused, and joined by what comes each second', async ({ page }) => {
  await open(page);
  const lines = events(page).locator('summary');
  const pattern = page.getByLabel('Show names matching');
  await run(page, 'emit', '{ "name": "demo.a.b" }');
  await expect(lines).toHaveCount(1);
  await run(page, 'emit', '{ "name": "other.c" }');
  await expect(lines).toHaveText([/other\.c/, /demo\.a\.b/]);
  await pattern.fill('demo.#');
  await expect(lines).toHaveText([/demo\.a\.b/]);
  await pattern.fill('#.b');
  await expect(page.getByText('# may only come last')).toBeVisible();
  await pattern.fill('');

  await page.getByRole('button', { name: 'Pause' }).click();
  await run(page, 'emit', '{ "name": "late.d" }');
  await expect(events(page).getByText(/Paused · [1-9]\d* new event/)).toBeVisible();
  await expect(events(page).getByText('late.d')).toBeHidden();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(events(page).getByText('late.d')).toBeVisible();

  await page.getByRole('button', { name: /host\.stats/ }).click();
  await expect(lines.filter({ hasText: 'host.stats' }).first()).toBeVisible();
});

test('a cut connection comes back, and no event is missed', async ({ page }) => {
  await open(page);
  const panel = page.getByRole('region', { name: 'Connection', exact: true });
  const state = page.getByRole('banner').getByRole('status');
  await expect(panel.getByTestId('missed')).toHaveText('0');
  await expect(page.getByRole('button', { name: /host\.stats/ })).not.toContainText('×0');
  await panel.getByRole('button', { name: 'Cut the connection' }).click();
  await expect(state).toHaveText('Reconnecting');
  await expect(page).toHaveTitle(/Reconnecting/);
  await expect(panel.getByText(/attempt 1 in \d\.\d s/)).toBeVisible();
  await expect(state).toHaveText('Connected');
  // Each second has its event, and the page was away for longer than one.
  await expect(panel.getByText(/Back after .* [1-9]\d* events?, none missing/)).toBeVisible();
  await expect(panel.getByTestId('reconnects')).toHaveText('1');
  await expect(panel.getByTestId('missed')).toHaveText('0');
  await run(page, 'add');
  await expect(answer(page)).toHaveText('5');
});

test('a server that is not there yet is waited for', async ({ page, problems }) => {
  await page.routeWebSocket(/.*/, (socket) => socket.close());
  await page.goto('/');
  const panel = page.getByRole('region', { name: 'Connection', exact: true });
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Connecting');
  await expect(panel.getByText(/attempt [2-9]/)).toBeVisible();
  await expect(panel.getByRole('button', { name: 'Try now' })).toBeVisible();
  await expect(page.getByText('No figures yet')).toHaveCount(3);
  // The browser itself complains of a connection that failed.
  problems.length = 0;
});

test('addresses and calls can be copied', async ({ page, context, request, demo }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  const { host } = new URL(demo.url);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());

  await page.getByRole('button', { name: `Copy tcp://${host}` }).click();
  await expect.poll(copied).toBe(`tcp://${host}`);

  await page.getByRole('group', { name: 'Examples' }).getByRole('button', { name: 'add', exact: true }).click();
  await page.getByRole('button', { name: 'Copy as sallyport call' }).click();
  await expect.poll(copied).toBe(`npx sallyport call ws://${host} add '[2,3]'`);
  await page.getByRole('button', { name: 'Copy as curl command' }).click();
  await expect.poll(copied).toContain(`${demo.url}rpc`);
  // What the command sends is answered.
  const data = /-d '(.*)'$/.exec(await copied())?.[1];
  const reply = await request.post('/rpc', { data, headers: { 'Content-Type': 'application/json' } });
  expect(await reply.json()).toEqual({ jsonrpc: '2.0', id: 1, result: 5 });
});

/** How much of a chart is drawn in the accent colour. */
function accentPixels(card: Locator): Promise<number> {
  return card.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const accent = getComputedStyle(canvas).getPropertyValue('--accent').trim();
    const wanted = [1, 3, 5].map((at) => Number.parseInt(accent.slice(at, at + 2), 16));
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let found = 0;
    for (let at = 0; at < pixels.length; at += 4) if (wanted.every((one, part) => pixels[at + part] === one)) found++;
    return found;
  });
}
