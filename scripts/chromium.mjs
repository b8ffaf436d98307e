// Where the browser is that the tests drive. Only node: imports: this runs before anything is installed.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const fixed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** @returns {string | undefined} path of a Chromium or Chrome; `CHROMIUM_PATH` in the environment goes first */
export function findChromium() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.CHROMIUM_PATH, ...fixed, ...onPath].find((path) => path && existsSync(path));
}

/** Containers rarely offer the kernel's sandbox to Chromium, and the tests open nothing but pages of their own. */
export const chromiumArguments = ['--no-sandbox'];
