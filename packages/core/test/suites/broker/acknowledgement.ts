// Who has dealt with what; what was not dealt with comes again.

import { expect, test } from 'vitest';
import { listen, message, send, type Suite, work } from './setup.js';

export function acknowledgement(suite: Suite): void {
  const { brokers, does } = suite;
  if (does('return'))
    test('gives what was not acknowledged to whoever is there when a subscription ends, in order', async () => {
      const [engine, a, b, c] = await brokers(3);
      const one = await work(b!, '/queue/x');
      for (const body of ['1', '2', '3']) await send(engine, a!, '/queue/x', body);
      one.deliveries[1]!.ack!();
      await engine.settle();
      one.subscription.close();
      await engine.settle();
      const two = await work(c!, '/queue/x');
      await engine.settle();
      expect([one.bodies, two.bodies]).toEqual([
        ['1', '2', '3'],
        ['1', '3'],
      ]);
      expect(two.deliveries.map(({ attempt }) => attempt)).toEqual([2, 2]);
    });

  test('forgets what was acknowledged', async () => {
    const [engine, a, b, c] = await brokers(3);
    const one = await work(b!, '/queue/x');
    await send(engine, a!, '/queue/x', '1');
    one.deliveries[0]!.ack!();
    await engine.settle();
    await b!.close();
    await engine.settle();
    expect((await work(c!, '/queue/x')).bodies).toEqual([]);
  });

  if (does('redelivery'))
    test('brings again what was refused, to somebody', async () => {
      const [engine, a, b] = await brokers(2);
      const one = await work(b!, '/queue/x');
      await send(engine, a!, '/queue/x', '1');
      one.deliveries[0]!.nack!();
      await engine.settle();
      await engine.advance?.(100);
      await engine.settle();
      expect(one.bodies).toEqual(['1', '1']);
      expect(one.deliveries[1]!.attempt).toBe(2);
    });

  test('hands out no more than was asked for', async () => {
    const [engine, a, b] = await brokers(2);
    const one = await work(b!, '/queue/x', 2);
    for (const body of ['1', '2', '3', '4']) await send(engine, a!, '/queue/x', body);
    expect(one.bodies).toEqual(['1', '2']);
    one.deliveries[0]!.ack!();
    await engine.settle();
    expect(one.bodies).toEqual(['1', '2', '3']);
  });

  if (suite.isOurs) embeddedAcknowledgement(suite);
}

function embeddedAcknowledgement({ brokers, cuts }: Suite): void {
  test.each(['/topic/x', '/temp-queue/x'])('keeps for this subscription what came to %s', async (destination) => {
    const [engine, a] = await brokers(1);
    const one = await work(a!, destination, 2);
    for (const body of ['1', '2', '3']) await send(engine, a!, destination, body);
    expect(one.bodies).toEqual(['1', '2']);
    one.deliveries[0]!.nack!();
    one.deliveries[1]!.ack!();
    await engine.settle();
    await engine.advance!(100);
    await engine.settle();
    expect(one.bodies).toEqual(['1', '2', '3', '1']);
  });

  test('ends the subscription of a topic that is never acknowledged, and nobody else notices', async () => {
    const [engine, a, b] = await brokers(2, { queueMessages: 3, prefetch: 1 });
    const ended: Error[] = [];
    const deaf = b!.subscribe('/topic/x', () => {}, {
      ack: 'client-individual',
      onEnd: (error) => ended.push(error),
    });
    await deaf.ready;
    const other = await listen(a!, '/topic/x');
    for (const body of ['1', '2', '3', '4']) await send(engine, a!, '/topic/x', body);
    expect(other.bodies).toEqual(['1', '2', '3', '4']);
    if (!cuts) expect(ended).toMatchObject([{ code: 'ERR_QUEUE_FULL' }]);
  });

  test('puts what is refused again and again among the dead letters', async () => {
    const [engine, a, b] = await brokers(2, { deliveries: 2 });
    const one = await work(b!, '/queue/x');
    await engine.confirm(a!, message('/queue/x', '1', { note: 'n', expiration: '99999' }));
    await engine.settle();
    one.deliveries[0]!.nack!();
    await engine.settle();
    await engine.advance!(100);
    await engine.settle();
    one.deliveries[1]!.nack!();
    await engine.settle();
    const dead = await work(a!, '/queue/dead-letter.x');
    await engine.settle();
    expect(dead.bodies).toEqual(['1']);
    const { headers } = dead.deliveries[0]!;
    expect(dead.deliveries[0]!.attempt).toBe(3);
    expect(['original-destination', 'note', 'expiration'].map((name) => headers.get(name))).toEqual([
      '/queue/x',
      'n',
      undefined,
    ]);
  });
}
