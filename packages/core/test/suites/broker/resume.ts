// Who comes back with a cursor gets what it missed, or is told that there is a gap.

import { bodyText } from '@sallyport/core';
import type { Broker, Delivery } from '@sallyport/core/broker';
import { expect, test } from 'vitest';
import { type Engine, listen, send, type Suite } from './setup.js';

export function resume({ brokers }: Suite): void {
  async function cursorAt(engine: Engine, broker: Broker, topic: string): Promise<string> {
    const seen = await listen(broker, topic);
    await send(engine, broker, '/topic/vm.0', '0');
    seen.subscription.close();
    await engine.settle();
    return seen.deliveries[0]!.cursor!;
  }

  const bodiesOf = (deliveries: Delivery[]): unknown[] =>
    deliveries.map(({ body }) => {
      const text = bodyText(body);
      return text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
    });

  test('gives what came after the cursor, in order, then what comes', async () => {
    const [engine, a, b] = await brokers(2);
    const after = await cursorAt(engine, b!, '/topic/vm.*');
    for (const topic of ['vm.1', 'host.1', 'vm.2']) await send(engine, a!, `/topic/${topic}`, topic);
    const back = await listen(b!, '/topic/vm.*', after);
    await send(engine, a!, '/topic/vm.3', 'vm.3');
    expect(back.bodies).toEqual(['vm.1', 'vm.2', 'vm.3']);
    expect(back.subscription.cursor).toBe(back.deliveries.at(-1)!.cursor);
  });

  test('starts where the subscription was taken, though nothing has come yet', async () => {
    const [engine, a, b] = await brokers(2);
    const first = await listen(b!, '/topic/#');
    const after = first.subscription.cursor;
    first.subscription.close();
    await engine.settle();
    await send(engine, a!, '/topic/x', '1');
    expect((await listen(b!, '/topic/#', after)).bodies).toEqual(['1']);
  });

  test('says that there is a gap when too much has come since, and gives the rest', async () => {
    const [engine, a, b] = await brokers(2, { historyEvents: 2 });
    const after = await cursorAt(engine, b!, '/topic/#');
    for (const body of ['1', '2', '3', '4', '5']) await send(engine, a!, '/topic/x', body);
    const back = await listen(b!, '/topic/#', after);
    expect(bodiesOf(back.deliveries)).toEqual([
      { jsonrpc: '2.0', method: '$/gap', params: { after, missed: 3 } },
      '4',
      '5',
    ]);
  });

  test('goes on behind the gap if it is lost before the rest has come', async () => {
    const [engine, a, b] = await brokers(2, { historyEvents: 2 });
    const after = await cursorAt(engine, b!, '/topic/#');
    for (const body of ['1', '2', '3']) await send(engine, a!, '/topic/x', body);
    const back = await listen(b!, '/topic/#', after);
    const again = await listen(b!, '/topic/#', back.deliveries[0]!.cursor);
    expect(bodiesOf(again.deliveries)).toEqual(['2', '3']);
  });

  test('says that there is a gap after the cursor of another server', async () => {
    const [other, c] = await brokers(1);
    const after = await cursorAt(other, c!, '/topic/#');
    const [engine, a, b] = await brokers(2);
    await send(engine, a!, '/topic/x', '1');
    const back = await listen(b!, '/topic/#', after);
    expect(bodiesOf(back.deliveries)).toEqual([{ jsonrpc: '2.0', method: '$/gap', params: { after } }, '1']);
  });
}
