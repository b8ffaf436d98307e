// What the server under load can be called for.

import { setTimeout as pause } from 'node:timers/promises';
import { RpcError } from '@sallyport/core';

/** @param {import('@sallyport/node').Server} server */
export function methods(server) {
  const runs = new Map();
  return {
    soak: {
      ping: () => 'pong',
      echo: ({ value }) => ({ value }),
      /** Takes its time, and stops when nobody waits any more. */
      slow: async ({ time, value }, { signal }) => {
        await pause(time, undefined, { signal });
        return { value };
      },
      /** Counts how often it has been called with a key. */
      run: ({ key }) => {
        const count = (runs.get(key) ?? 0) + 1;
        runs.set(key, count);
        return { key, count };
      },
      /** Tells how often `run` has been called with each of some keys, and forgets them. */
      runs: ({ keys }) =>
        keys.map((key) => {
          const count = runs.get(key) ?? 0;
          runs.delete(key);
          return count;
        }),
      blob: ({ length }) => 'x'.repeat(length),
      fail: () => {
        throw new RpcError(4001, 'as it was asked to', { really: true });
      },
      /** Calls a method of whoever calls; they may leave meanwhile. */
      callBack: ({ value }, { session }) =>
        session.call('guest.echo', { value }, { timeout: 10_000 }).catch(({ message }) => {
          throw new RpcError(4002, message);
        }),
      /** Answers when a session has ended, with after how long; at once if there is none of that id. */
      left: ({ id }, { signal }) => left(server, id, signal),
    },
  };
}

function left(server, id, signal) {
  const session = [...server.sessions].find((one) => one.id === id);
  if (session === undefined) return 0;
  const began = performance.now();
  return new Promise((resolve, reject) => {
    session.onEnd(() => resolve(performance.now() - began));
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
