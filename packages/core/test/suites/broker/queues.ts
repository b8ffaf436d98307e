// What is sent to a queue reaches one of those who listen, sooner or later.

import { expect, test } from 'vitest';
import { listen, send, type Suite } from './setup.js';

export function queues({ brokers }: Suite): void {
  test('give each message to one of the listeners, all of them in their turn', async () => {
    const [engine, a, b, c] = await brokers(3);
    const [one, two] = [await listen(b!, '/queue/x'), await listen(c!, '/queue/x')];
    for (let n = 0; n < 10; n++) await send(engine, a!, '/queue/x', String(n));
    expect([...one.bodies, ...two.bodies].sort()).toEqual(Array.from({ length: 10 }, (_, n) => String(n)));
    expect(one.bodies).toHaveLength(5);
  });

  test('keep messages for who comes later, once', async () => {
    const [engine, a, b, c] = await brokers(3);
    for (const body of ['1', '2']) await send(engine, a!, '/queue/x', body);
    const one = await listen(b!, '/queue/x');
    await engine.settle();
    const two = await listen(c!, '/queue/x');
    await engine.settle();
    expect([one.bodies, two.bodies]).toEqual([['1', '2'], []]);
  });

  test('keep messages when the last listener has left', async () => {
    const [engine, a, b, c] = await brokers(3);
    const one = await listen(b!, '/queue/x');
    one.subscription.close();
    await engine.settle();
    await send(engine, a!, '/queue/x', '1');
    const two = await listen(c!, '/queue/x');
    await engine.settle();
    expect([one.bodies, two.bodies]).toEqual([[], ['1']]);
  });

  test('go on with the others when a listener is gone', async () => {
    const [engine, a, b, c] = await brokers(3);
    const [, two] = [await listen(b!, '/queue/x'), await listen(c!, '/queue/x')];
    await b!.close();
    await engine.settle();
    for (const body of ['1', '2', '3']) await send(engine, a!, '/queue/x', body);
    expect(two.bodies).toEqual(['1', '2', '3']);
  });
}
