// What one connection may make the embedded broker keep.

import { expect, test } from 'vitest';
import { inbox, listen, message, send, serve, type Suite } from './setup.js';

export function bounds({ brokers }: Suite): void {
  test('a queue that nobody listens to', async () => {
    const [engine, a, b] = await brokers(2, { queueMessages: 3 });
    for (const body of ['1', '2', '3']) await send(engine, a!, '/queue/x', body);
    await expect(engine.confirm(a!, message('/queue/x', '4'))).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
    const one = await listen(b!, '/queue/x');
    await engine.settle();
    expect(one.bodies).toEqual(['1', '2', '3']);
  });

  test('the destinations of one client, not those of others', async () => {
    const [engine, a, b] = await brokers(2, { destinations: 3 });
    for (const queue of ['1', '2', '3']) await send(engine, a!, `/queue/${queue}`, 'x');
    await send(engine, a!, '/queue/1', 'x');
    await expect(engine.confirm(a!, message('/queue/4', 'x'))).rejects.toMatchObject({
      code: 'ERR_DESTINATIONS',
    });
    await engine.confirm(b!, message('/queue/4', 'x'));
    const one = await listen(b!, '/queue/1');
    await engine.settle();
    expect(one.bodies).toEqual(['x', 'x']);
  });

  test('destinations, which come free when their messages have gone', async () => {
    const [engine, a, b] = await brokers(2, { destinations: 2 });
    for (const queue of ['1', '2']) await send(engine, a!, `/queue/${queue}`, 'x');
    const one = await listen(b!, '/queue/1');
    await engine.settle();
    one.subscription.close();
    await engine.settle();
    await engine.confirm(a!, message('/queue/3', 'x'));
  });

  test('destinations, which come free when their messages have expired', async () => {
    const [engine, a] = await brokers(1, { destinations: 2 });
    for (const queue of ['1', '2']) void a!.send(message(`/queue/${queue}`, 'x', { expiration: '1000' }));
    await engine.settle();
    await engine.advance?.(1000);
    await engine.confirm(a!, message('/queue/3', 'x'));
  });

  test('destinations, which come free when inboxes are closed', async () => {
    const [engine, a, service] = await brokers(2, { destinations: 2 });
    await serve(service!, '/queue/work');
    for (let n = 0; n < 10; n++) {
      const mine = inbox(a!);
      await engine.confirm(a!, { ...message('/queue/work', String(n)), replyTo: mine.address });
      await engine.settle();
      expect(mine.bodies).toEqual([`re: ${n}`]);
      mine.close();
    }
  });

  test('subscriptions of one client', async () => {
    const [engine, a, b] = await brokers(2, { subscriptions: 2 });
    const one = await listen(a!, '/topic/1');
    await listen(a!, '/topic/2');
    one.subscription.close();
    await engine.settle();
    await listen(a!, '/topic/3');
    await expect(listen(a!, '/topic/4')).rejects.toMatchObject({ code: 'ERR_SUBSCRIPTIONS' });
    await listen(b!, '/topic/4');
  });

  test('the time that messages wait: expiration, milliseconds', async () => {
    const [engine, a, b] = await brokers(2);
    void a!.send(message('/queue/x', 'brief', { expiration: '1000' }));
    void a!.send(message('/queue/x', 'long'));
    await engine.settle();
    await engine.advance?.(1000);
    const one = await listen(b!, '/queue/x');
    await engine.settle();
    expect(one.bodies).toEqual(['long']);
  });
}
