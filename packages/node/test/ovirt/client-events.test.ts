// Events of a host, as its clients iterate them.

import { describe, expect, test } from 'vitest';
import { quiet, watch } from '../../../core/test/fixtures/pair.js';
import { events } from './doubles/vdsm-server.js';
import { connectedHost } from './ovirt-pair.js';

describe('events', () => {
  test('have their four parts, the host filled in, and the time beside the params', async () => {
    const { client, server, clock } = await connectedHost();
    clock.advance(5);
    const stream = client.events('*|virt|VM_status|*');
    await stream.ready;
    await quiet();
    server.emit('|virt|VM_status|vm-1', { status: 'Up' });
    expect((await stream.next()).value).toEqual({
      name: 'node7|virt|VM_status|vm-1',
      receiver: 'node7',
      component: 'virt',
      operation: 'VM_status',
      uniqueId: 'vm-1',
      data: { status: 'Up', notify_time: 5 },
      notifyTime: 5,
      gap: undefined,
    });
  });

  test('are chosen by all four parts; an empty first one means this host', async () => {
    const { client, server } = await connectedHost();
    const streams = ['|virt|*|*', 'node7|*|*|vm-2', 'node8|*|*|*', '*|*|*|*'].map((pattern) => client.events(pattern));
    const seen: string[][] = streams.map(() => []);
    streams.forEach(
      (stream, index) =>
        void (async () => {
          for await (const { name } of stream) seen[index]!.push(name);
        })(),
    );
    await quiet();
    for (const name of ['|virt|VM_status|vm-1', '|host|stats|vm-2', 'other|virt|x|vm-3', 'no|event', 'a|b|c|d|e'])
      server.emit(name, {});
    await quiet();
    expect(seen).toEqual([
      ['node7|virt|VM_status|vm-1', 'other|virt|x|vm-3'],
      ['node7|host|stats|vm-2'],
      [],
      ['node7|virt|VM_status|vm-1', 'node7|host|stats|vm-2', 'other|virt|x|vm-3'],
    ]);
  });

  test('are subscribed once for all who iterate, and as long as somebody does', async () => {
    const { client, server } = await connectedHost();
    const count = (): number => server.subscriptions.filter(({ destination }) => destination === events).length;
    expect(count()).toBe(0);
    const [one, other] = [client.events('*|*|*|*'), client.events('*|virt|*|*')];
    await quiet();
    expect(count()).toBe(1);
    one.close();
    await quiet();
    expect(count()).toBe(1);
    await other.return();
    await quiet();
    expect(count()).toBe(0);
    client.events('*|*|*|*');
    await quiet();
    expect(count()).toBe(1);
    expect(server.faults).toEqual([]);
  });

  test('that nobody reads are dropped, the oldest first, and a gap says how many', async () => {
    const { client, server } = await connectedHost();
    const stream = client.events<{ seq: number }>('*|*|*|*', { buffer: 2 });
    await quiet();
    for (let seq = 1; seq <= 5; seq++) server.emit('|a|b|c', { seq });
    await quiet();
    expect((await stream.next()).value).toMatchObject({ name: '$/gap', gap: { missed: 3 }, notifyTime: undefined });
    expect((await stream.next()).value).toMatchObject({ data: { seq: 4 } });
  });

  test('that came while there was no connection are gone, and a gap says so', async () => {
    const { client, server, clock } = await connectedHost();
    const stream = client.events('*|*|*|*');
    await quiet();
    client.cut();
    await quiet();
    server.emit('|a|b|c', {});
    await clock.run(1000, 50);
    server.emit('|a|b|d', {});
    await quiet();
    expect((await stream.next()).value).toMatchObject({ name: '$/gap', receiver: 'node7', gap: {} });
    expect((await stream.next()).value).toMatchObject({ uniqueId: 'd' });
  });

  test('end with the client, with a break, and with a signal', async () => {
    const { client, server } = await connectedHost();
    const stop = new AbortController();
    const [ended, aborted] = [client.events('*|*|*|*'), client.events('*|*|*|*', { signal: stop.signal })];
    const [end, abort] = [watch(ended.next()), watch(aborted.next())];
    stop.abort(new Error('enough'));
    expect(await abort()).toMatchObject({ error: { message: 'enough' } });
    await client.close();
    expect(await end()).toEqual({ value: { value: undefined, done: true } });
    expect(server.faults).toEqual([]);
    expect(await watch(client.events('*|*|*|*').next())()).toMatchObject({ error: { code: 'ERR_CLOSED' } });
  });

  test('a wrong pattern or option is refused', async () => {
    const { client } = await connectedHost();
    for (const pattern of ['virt', '*|*|*', '*|*|*|*|*', 7 as never])
      expect(() => client.events(pattern)).toThrow(TypeError);
    expect(() => client.events('*|*|*|*', { after: 'x' } as object)).toThrow(/unknown option after/);
  });

  test('whatever else comes to the queue is ignored', async () => {
    const { client, server } = await connectedHost();
    const stream = client.events('*|*|*|*');
    await quiet();
    const subscription = server.subscriptions.find(({ destination }) => destination === events)!;
    for (const body of ['{', 'null', '[]', '{"method": 7}', '{"method": "|a|b|c"}'])
      server.session.message(subscription, body);
    expect((await stream.next()).value).toMatchObject({ uniqueId: 'c', data: undefined, notifyTime: undefined });
  });
});
