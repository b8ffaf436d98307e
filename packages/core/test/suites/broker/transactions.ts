// All of it or nothing.

import { expect, test } from 'vitest';
import { listen, message, send, type Suite, work } from './setup.js';

export function transactions(suite: Suite): void {
  const { brokers, does } = suite;
  test('do all of it when they are committed, and nothing before', async () => {
    const [engine, a, b] = await brokers(2);
    const [one, topic] = [await work(b!, '/queue/x'), await listen(b!, '/topic/x')];
    await send(engine, a!, '/queue/x', 'old');
    const transaction = b!.begin!();
    void transaction.send(message('/queue/x', 'new'));
    void transaction.send(message('/topic/x', 'told'));
    transaction.ack(one.deliveries[0]!);
    await engine.settle();
    expect([one.bodies, topic.bodies]).toEqual([['old'], []]);
    const committed = transaction.commit();
    await engine.settle();
    await committed;
    expect([one.bodies, topic.bodies]).toEqual([['old', 'new'], ['told']]);
    await b!.close();
    await engine.settle();
    const left = await work(a!, '/queue/x');
    await engine.settle();
    expect(left.bodies).toEqual(['new']);
  });

  test('do nothing when they are aborted', async () => {
    const [engine, a, b] = await brokers(2);
    const one = await work(b!, '/queue/x');
    await send(engine, a!, '/queue/x', 'old');
    const transaction = b!.begin!();
    void transaction.send(message('/queue/x', 'new'));
    if (does('nack-in-transaction')) transaction.nack(one.deliveries[0]!);
    else transaction.ack(one.deliveries[0]!);
    transaction.abort();
    await engine.settle();
    await engine.advance?.(1000);
    expect(one.bodies).toEqual(['old']);
    one.deliveries[0]!.ack!();
    await engine.settle();
    await b!.close();
    await engine.settle();
    expect((await work(a!, '/queue/x')).bodies).toEqual([]);
  });

  test('do nothing when they are left open', async () => {
    const [engine, a, b] = await brokers(2);
    const one = await work(b!, '/queue/x');
    await send(engine, a!, '/queue/x', 'old');
    const transaction = b!.begin!();
    void transaction.send(message('/queue/x', 'new'));
    transaction.ack(one.deliveries[0]!);
    await engine.settle();
    await b!.close();
    await engine.settle();
    const left = await work(a!, '/queue/x');
    await engine.settle();
    expect(left.bodies).toEqual(['old']);
  });

  if (suite.isOurs) boundedTransactions(suite);
}

function boundedTransactions({ brokers }: Suite): void {
  test('do nothing when a part of them is refused', async () => {
    const [engine, a, b] = await brokers(2, { queueMessages: 2 });
    const topic = await listen(b!, '/topic/x');
    await send(engine, a!, '/queue/full', '1');
    const transaction = a!.begin!();
    void transaction.send(message('/topic/x', 'told'));
    for (const body of ['2', '3']) void transaction.send(message('/queue/full', body));
    const commit = async (): Promise<void> => transaction.commit();
    const refused = expect(commit()).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
    await engine.settle();
    await refused;
    expect(topic.bodies).toEqual([]);
    expect((await listen(b!, '/queue/full')).bodies).toEqual(['1']);
  });

  test('are bounded', async () => {
    const [engine, a] = await brokers(1, { transactionBytes: 10_000 });
    const transaction = a!.begin!();
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 3; n++) await transaction.send(message('/queue/x', 'x'.repeat(4000)));
      await transaction.commit();
    };
    const refused = expect(fill()).rejects.toMatchObject({
      code: expect.stringMatching(/ERR_TRANSACTION_BYTES|ERR_CONNECTION_LOST/) as string,
    });
    await engine.settle();
    await refused;
    await engine.advance?.(2000);
    await engine.settle();
    expect((await listen(a!, '/queue/x')).bodies).toEqual([]);
  });
}
