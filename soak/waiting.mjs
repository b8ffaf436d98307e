// Waiting for things, never without an end.

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds; false if it does not in time. */
export async function until(holds, time) {
  for (const end = performance.now() + time; !holds(); await sleep(20)) if (performance.now() > end) return false;
  return true;
}

/** Resolves when a signal is aborted. */
export function aborted(signal) {
  setMaxListeners(0, signal);
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** What a promise resolves with; rejects if that takes too long, so that nothing here can hang. */
export async function within(time, promise, what) {
  const late = new AbortController();
  const alarm = sleep(time, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} took more than ${time} ms`);
  });
  try {
    return await Promise.race([promise, alarm]);
  } finally {
    late.abort();
    alarm.catch(() => {});
  }
}
