// Whether everybody can use the page: at any width, in both colour schemes, by the keyboard, by a screen reader.

import { lowContrast, unnamedControls } from './dashboard-audit.ts';
import { expect, open, run, test } from './dashboard-page.ts';

for (const width of [320, 360, 768, 1440]) {
  test(`nothing is wider than ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await open(page);
    await run(page, 'emit', `{ "name": "demo.${'long'.repeat(20)}", "data": "${'x'.repeat(300)}", "count": 2 }`);
    await expect(page.getByRole('region', { name: 'Events, newest first' }).locator('summary')).toHaveCount(1);
    await run(page, 'fail');
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`texts stand out in the ${colorScheme} scheme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await open(page);
    await run(page, 'emit');
    await run(page, 'fail');
    await expect(page.getByRole('region', { name: 'Outcome of the call' }).getByRole('status')).toContainText('1234');
    // WCAG 2.2, 1.4.3
    await expect.poll(() => page.evaluate(lowContrast, 4.5)).toEqual([]);
  });
}

test('every control has a name, and the page a structure', async ({ page }) => {
  await open(page);
  await run(page, 'add');
  expect(await page.evaluate(unnamedControls)).toEqual([]);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('banner')).toHaveCount(1);
  await expect(page.getByRole('main')).toHaveCount(1);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test('the keyboard reaches what there is to do, and one sees where it is', async ({ page }) => {
  await open(page);
  const wanted = ['Cut the connection', 'host.getStats', 'Run', 'Pause', 'Events, newest first'];
  const reached: string[] = [];
  for (let step = 0; step < 60 && reached.length < wanted.length; step++) {
    await page.keyboard.press('Tab');
    const { name, outline } = await page.evaluate(() => {
      const element = document.activeElement ?? document.body;
      const name = element.getAttribute('aria-label') ?? element.textContent.trim();
      return { name, outline: getComputedStyle(element).outlineStyle };
    });
    expect(outline, name).toBe('solid');
    if (name === wanted[reached.length]) reached.push(name);
  }
  expect(reached).toEqual(wanted);
});

for (const width of [360, 1440]) {
  test(`nothing moves as figures come in and the connection goes and comes, ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 4000 });
    await page.addInitScript(() => {
      const shifts = { total: 0 };
      Object.assign(window, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.total += (entry as PerformanceEntry & { value: number }).value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await open(page);
    await expect(page.getByRole('button', { name: /host\.stats/ })).toContainText('×2');
    await page.getByRole('button', { name: 'Cut the connection' }).click();
    await expect(page.getByText(/Back after/)).toBeVisible();
    const { total } = await page.evaluate(() => (window as unknown as { shifts: { total: number } }).shifts);
    // A hundredth of what counts as good (web.dev/cls): a digit more in a line of text.
    expect(total).toBeLessThan(0.001);
  });
}
