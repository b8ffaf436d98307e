// The broker dies, and is started again: what was promised is kept, what could not be kept is said.

import { bodyText } from '@sallyport/core';
import { expect, test } from 'vitest';
import { newName, type Setup, take, takeBodies } from './setup.js';

const LONG = 120_000;

/** One death for all of this, over each transport. */
export function restart(broker: Setup['broker'], setups: readonly Setup[]): void {
  test(
    `${broker.name} is killed and started again`,
    async () => {
      const afterwards = await Promise.all(
        setups.flatMap((setup) => [subscriptions(setup), work(setup), callsUnderWay(setup), refused(setup)]),
      );
      await broker.running().kill();
      const then = await Promise.all(afterwards.map((dead) => dead()));
      await broker.running().startAgain();
      for (const alive of then) await alive();
    },
    LONG + 60_000,
  );
}

/** What to do once the broker is dead; that gives what to do once it is back. */
type Afterwards = () => Promise<() => Promise<void>>;

const nothing = (): Promise<void> => Promise.resolve();

/** Subscriptions are there again; of events one is told that there is a gap. */
async function subscriptions({ connect }: Setup): Promise<Afterwards> {
  const client = await connect();
  const name = newName();
  const events = client.events(`${name}.#`);
  const [topic, queue] = [client.stomp.subscribe(`/topic/${name}`), client.stomp.subscribe(`/queue/${name}`)];
  await Promise.all([events.ready, topic.ready, queue.ready]);
  await client.emit(`${name}.a`, 1);
  expect((await events.next()).value).toMatchObject({ data: 1 });
  return async () => {
    await until(() => client.state === 'reconnecting');
    return async () => {
      await until(() => client.state === 'connected');
      for (const destination of [`/topic/${name}`, `/queue/${name}`])
        await client.stomp.sendConfirmed({ destination, body: 'after' });
      expect([await takeBodies(topic, 1), await takeBodies(queue, 1)]).toEqual([['after'], ['after']]);
      await client.emit(`${name}.b`, 2);
      expect((await events.next()).value).toMatchObject({ gap: {} });
      expect((await events.next()).value).toMatchObject({ data: 2 });
    };
  };
}

/** Work that was confirmed and not acknowledged is not lost. */
async function work({ connect }: Setup): Promise<Afterwards> {
  const client = await connect();
  const destination = `/queue/${newName()}`;
  const headers = { persistent: 'true' };
  for (const body of ['1', '2', '3']) await client.stomp.sendConfirmed({ destination, headers, body });
  const worker = client.stomp.subscribe(destination, { ack: 'client-individual', prefetch: 1 });
  const [first] = await take(worker, 1);
  return async () => {
    await until(() => client.state === 'reconnecting');
    // It belongs to a connection that is no more, so this is nothing that could be said to anybody.
    first!.ack!();
    return async () => {
      for (const body of ['1', '2', '3']) {
        const [delivery] = await take(worker, 1);
        expect(bodyText(delivery!.body)).toBe(body);
        delivery!.ack!();
      }
    };
  };
}

/** A call that may run twice is answered in the end; another one fails, and says that it may have run. */
async function callsUnderWay({ connect }: Setup): Promise<Afterwards> {
  const [server, client] = [await connect(), await connect()];
  const service = newName();
  let runs = 0;
  const hold = (_params: unknown, { progress }: { progress(value: unknown): void }): unknown => {
    runs++;
    progress('at work');
    return new Promise(() => {});
  };
  const count = (): unknown => (++runs < 3 ? new Promise(() => {}) : runs);
  await server.implement({ hold, count }, { service });
  let isHeld = false;
  const onProgress = (): boolean => (isHeld = true);
  const held = client.call('hold', {}, { service, timeout: LONG, onProgress }).catch((error: unknown) => error);
  const done = client.call('count', {}, { service, timeout: LONG, idempotent: true });
  await until(() => isHeld && runs === 2);
  return async () => {
    expect(await held).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'yes' });
    const waiting = client.call('count', {}, { service, timeout: LONG });
    return async () => {
      expect(await Promise.all([done, waiting])).toEqual([3, 4]);
    };
  };
}

/** Without a connection one is told at once. */
async function refused({ connect }: Setup): Promise<Afterwards> {
  const client = await connect();
  const destination = `/queue/${newName()}`;
  return async () => {
    await until(() => client.state === 'reconnecting');
    await expect(client.stomp.sendConfirmed({ destination, body: '' })).rejects.toMatchObject({
      code: 'ERR_NOT_CONNECTED',
    });
    return nothing;
  };
}

/** Looks until it is so; the test's own time is the limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
