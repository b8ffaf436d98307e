// What is sent to a topic reaches all who listen.

import { bodyText, HeaderList } from '@sallyport/core';
import { expect, test } from 'vitest';
import { listen, message, send, type Suite } from './setup.js';

export function topics({ brokers }: Suite): void {
  test('reach all who listen, the sender too, and nobody else', async () => {
    const [engine, a, b, c] = await brokers(3);
    const [one, two, other] = [
      await listen(a!, '/topic/x'),
      await listen(b!, '/topic/x'),
      await listen(c!, '/topic/y'),
    ];
    await send(engine, a!, '/topic/x', '1');
    expect([one.bodies, two.bodies, other.bodies]).toEqual([['1'], ['1'], []]);
  });

  test('arrive with destination, headers and body, each once, in order', async () => {
    const [engine, a, b] = await brokers(2);
    const { deliveries } = await listen(b!, '/topic/x');
    const bodies = Array.from({ length: 10 }, (_, n) => `${n} größe \n\0`);
    for (const body of bodies)
      void a!.send(message('/topic/x', body, { note: 'a:b\n\\c', 'content-type': 'text/plain' }));
    await engine.settle();
    expect(deliveries.map(({ body }) => bodyText(body))).toEqual(bodies);
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(10);
    for (const { destination, headers } of deliveries) {
      expect(destination).toBe('/topic/x');
      expect(headers.get('note')).toBe('a:b\n\\c');
      expect(headers.get('content-type')).toBe('text/plain');
    }
  });

  test('carry bytes that are no text', async () => {
    const [engine, a, b] = await brokers(2);
    const { deliveries } = await listen(b!, '/topic/x');
    const octets = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    void a!.send({ destination: '/topic/x', headers: HeaderList.empty, body: octets });
    await engine.settle();
    expect([...(deliveries[0]!.body as Uint8Array)]).toEqual([...octets]);
  });

  test('match patterns: * one token, # the rest', async () => {
    const [engine, a, b] = await brokers(2);
    const star = await listen(b!, '/topic/vm.*.up');
    const hash = await listen(b!, '/topic/vm.#');
    for (const topic of ['vm', 'vm.1.up', 'vm.1.down', 'vm.1.up.now', 'host.1.up']) {
      await send(engine, a!, `/topic/${topic}`, topic);
    }
    expect(star.bodies).toEqual(['vm.1.up']);
    expect(hash.bodies).toEqual(['vm', 'vm.1.up', 'vm.1.down', 'vm.1.up.now']);
  });

  test('do not wait for who comes later', async () => {
    const [engine, a, b] = await brokers(2);
    await send(engine, a!, '/topic/x', 'early');
    const late = await listen(b!, '/topic/x');
    await engine.settle();
    expect(late.bodies).toEqual([]);
  });

  test('stop with the subscription, and only that one', async () => {
    const [engine, a, b] = await brokers(2);
    const [one, two] = [await listen(b!, '/topic/x'), await listen(b!, '/topic/x')];
    one.subscription.close();
    await engine.settle();
    await send(engine, a!, '/topic/x', '1');
    expect([one.bodies, two.bodies]).toEqual([[], ['1']]);
  });
}
