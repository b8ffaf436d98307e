// What a message may name as the place for replies, where that is ours to decide.

import { expect, test } from 'vitest';
import { inbox, listen, message, serve, type Suite } from './setup.js';

export function hostileReplyTo({ brokers }: Suite): void {
  async function victims() {
    const [engine, asker, service, hostile] = await brokers(3);
    const asked = await listen(service!, '/queue/work');
    const mine = inbox(asker!);
    const shared = await listen(asker!, '/queue/results');
    await engine.settle();
    void asker!.send({ ...message('/queue/work', '1'), replyTo: mine.address });
    await engine.settle();
    return { engine, asked, mine, shared, hostile: hostile!, address: asked.deliveries[0]!.replyTo! };
  }

  test('that names an address of somebody else', async () => {
    const { engine, asked, hostile, address } = await victims();
    const evil = { ...message('/queue/work', 'evil'), replyTo: address };
    await expect(engine.confirm(hostile, evil)).rejects.toMatchObject({ code: 'ERR_REPLY_TO' });
    expect(asked.bodies).toEqual(['1']);
  });

  test('that names a queue or topic that somebody else listens to', async () => {
    const { engine, asked, hostile } = await victims();
    for (const replyTo of ['/queue/results', '/queue/work', '/topic/x', '/queue/nobody']) {
      const again = await engine.connect();
      await expect(engine.confirm(again, { ...message('/queue/work', 'evil'), replyTo })).rejects.toMatchObject({
        code: 'ERR_REPLY_TO',
      });
    }
    expect(asked.bodies).toEqual(['1']);
    await hostile.close();
  });

  test('that names a queue which it shares with somebody else', async () => {
    const { engine, hostile } = await victims();
    await listen(hostile, '/queue/results');
    await expect(
      engine.confirm(hostile, { ...message('/queue/work', 'evil'), replyTo: '/queue/results' }),
    ).rejects.toMatchObject({ code: 'ERR_REPLY_TO' });
  });

  test('or means its own temporary queue, though somebody else has one of that name', async () => {
    const [engine, asker, service, hostile] = await brokers(3);
    await serve(service!, '/queue/work');
    const mine = await listen(asker!, '/temp-queue/x');
    void hostile!.send({ ...message('/queue/work', 'evil'), replyTo: '/temp-queue/x' });
    await engine.settle();
    expect(mine.bodies).toEqual([]);
  });

  test('and nobody listens at an address of replies', async () => {
    const { hostile, address } = await victims();
    await expect(listen(hostile, address)).rejects.toMatchObject({ code: 'ERR_DESTINATION' });
  });
}

export function ownReplyTo({ brokers }: Suite): void {
  test.each(['/queue/results', '/topic/results'])('%s takes replies while nobody else does', async (replyTo) => {
    const [engine, asker, service, other] = await brokers(3);
    await serve(service!, '/queue/work');
    const mine = await listen(asker!, replyTo);
    void asker!.send({ ...message('/queue/work', '1'), replyTo });
    await engine.settle();
    expect(mine.bodies).toEqual(['re: 1']);
    const others = await listen(other!, '/topic/results');
    if (replyTo.startsWith('/topic/')) void asker!.send({ ...message('/queue/work', '2'), replyTo });
    await engine.settle();
    expect(others.bodies).toEqual([]);
  });
}
