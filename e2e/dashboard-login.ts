// The page's login form, for tests.

import type { Page } from '@playwright/test';
import { expect } from './dashboard-page.ts';

/** Opens the page of a server that wants a login, and waits until it asks. */
export async function openForm(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
}

export async function logIn(page: Page, name: string, passcode: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Passcode').fill(passcode);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** The page may be waiting for its next attempt, five seconds at most. */
export async function expectIn(page: Page): Promise<void> {
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Connected', { timeout: 15_000 });
}
