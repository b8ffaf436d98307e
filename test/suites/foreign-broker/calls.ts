// Calls from one client to another, through a broker that knows nothing of calls.

import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError, RpcError, TimeoutError } from '@sallyport/core';
import { expect, test } from 'vitest';
import { newName, type Setup, takeBodies } from './setup.js';

export function calls(setup: Setup): void {
  const { connect } = setup;

  /** A client that serves, and one that calls. */
  async function served() {
    const service = newName();
    const [server, client] = [await connect(), await connect()];
    const aborted: unknown[] = [];
    let hasAborted!: () => void;
    const abort = new Promise<void>((resolve) => (hasAborted = resolve));
    await server.implement(
      {
        wipe: ({ disk }: { disk: number }) => ({ wiped: disk }),
        echo: (params: unknown) => params,
        fail: () => {
          throw new RpcError(4001, 'the disk is in use', { by: 'vm-7' });
        },
        copy: async (_params: unknown, { progress }) => {
          for (const percent of [10, 50, 90]) progress(percent);
          return 'copied';
        },
        wait: (_params: unknown, { signal, progress }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted.push((signal.reason as RpcError).code);
              hasAborted();
              reject(signal.reason as Error);
            });
            progress('waiting');
          }),
      },
      { service },
    );
    return { service, server, client, aborted, abort };
  }

  test('have results, errors and progress', async () => {
    const { service, client } = await served();
    expect(await client.call('wipe', { disk: 3 }, { service })).toEqual({ wiped: 3 });
    await expect(client.call('fail', {}, { service })).rejects.toMatchObject({
      code: 4001,
      message: 'the disk is in use',
      data: { by: 'vm-7' },
    });
    await expect(client.call('nothing', {}, { service })).rejects.toMatchObject({ code: -32601 });
    const seen: unknown[] = [];
    expect(await client.call('copy', {}, { service, onProgress: (value) => seen.push(value) })).toBe('copied');
    expect(seen).toEqual([10, 50, 90]);
    const large = { text: 'ä'.repeat(1_000_000) };
    expect(await client.call('echo', large, { service })).toEqual(large);
  });

  test('are many at once, each with its own answer', async () => {
    const { service, client } = await served();
    const disks = Array.from({ length: 200 }, (_, disk) => disk);
    const answers = await Promise.all(disks.map((disk) => client.call('wipe', { disk }, { service })));
    expect(answers).toEqual(disks.map((disk) => ({ wiped: disk })));
  });

  test('are cancelled at the service', async () => {
    const { service, client, aborted, abort } = await served();
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    await expect(client.call('wait', {}, { service, signal: controller.signal, onProgress })).rejects.toThrow('enough');
    await abort;
    expect(aborted).toEqual([-32800]);
  });

  test('end with their time, at both ends', async () => {
    const { service, client, aborted, abort } = await served();
    const call = client.call('wait', {}, { service, timeout: 300 });
    await expect(call).rejects.toBeInstanceOf(TimeoutError);
    await abort;
    expect(aborted).toHaveLength(1);
  });

  without(setup, served);
}

function without({ connect }: Setup, served: () => Promise<{ service: string; server: Client; client: Client }>): void {
  test('are not run when their service comes too late', async () => {
    const service = newName();
    const client = await connect();
    const call = client.call('note', ['late'], { service, timeout: 100 });
    await expect(call).rejects.toMatchObject({ code: 'ERR_CALL_TIME', sent: 'maybe' });
    // The broker counts from when it came there.
    await delay(100);
    const noted: unknown[] = [];
    await (await connect()).implement({ note: (params: unknown) => noted.push(params) }, { service });
    await client.call('note', ['in time'], { service });
    expect(noted).toEqual([['in time']]);
  });

  test('of who has left harm nobody', async () => {
    const { service, server, client } = await served();
    const states: string[] = [];
    server.onState((state) => states.push(state));
    const leaver = await connect();
    const left = leaver.call('wait', {}, { service, timeout: 200, onProgress: () => leaver.cut() });
    await expect(left).rejects.toBeInstanceOf(ConnectionError);
    await leaver.close();
    // Its time is over meanwhile, and the service answers to an address that is no more.
    const patient = client.call('wait', {}, { service, timeout: 400 });
    await expect(patient).rejects.toBeInstanceOf(TimeoutError);
    expect(await client.call('wipe', { disk: 1 }, { service })).toEqual({ wiped: 1 });
    expect(states).toEqual([]);
  });

  test('are not answered to a queue that has a name: who asks might not be allowed to send there', async () => {
    const { service, server, client } = await served();
    const states: string[] = [];
    server.onState((state) => states.push(state));
    const victim = `/queue/${newName()}`;
    // To send to it as usual would be a fault to RabbitMQ, and cost the connection.
    const headers = { durable: 'false', 'auto-delete': 'true' };
    const owner = await connect();
    const stream = owner.stomp.subscribe(victim, { headers });
    await stream.ready;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'wipe', params: { disk: 2 } });
    await client.stomp.sendConfirmed({ destination: `/queue/rpc.${service}`, body, replyTo: victim });
    expect(await client.call('wipe', { disk: 3 }, { service })).toEqual({ wiped: 3 });
    await owner.stomp.sendConfirmed({ destination: victim, headers, body: 'mine' });
    expect(await takeBodies(stream, 1)).toEqual(['mine']);
    expect(states).toEqual([]);
  });

  test('of one connection’s own methods are not to be had, and it says so', async () => {
    const client = await connect();
    await expect(client.implement({ a: () => 1 })).rejects.toMatchObject({ code: 'ERR_DESTINATION' });
    expect([...client.broker.can].sort()).toEqual(['acknowledge', 'transact']);
    expect(client.state).toBe('connected');
  });
}

type Client = Awaited<ReturnType<Setup['connect']>>;
