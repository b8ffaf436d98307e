// Replies reach who asked, and nobody else; what is a connection’s own is that.

import { expect, test } from 'vitest';
import { inbox, listen, message, send, serve, type Suite } from './setup.js';

export function replies({ brokers }: Suite): void {
  test('go from who was asked to the inbox of who asked, and to nobody else', async () => {
    const [engine, asker, service, other] = await brokers(3);
    await serve(service!, '/queue/work');
    const [mine, others] = [inbox(asker!), inbox(other!)];
    await engine.settle();
    for (const body of ['1', '2', '3']) void asker!.send({ ...message('/queue/work', body), replyTo: mine.address });
    await engine.settle();
    expect([mine.bodies, others.bodies]).toEqual([['re: 1', 're: 2', 're: 3'], []]);
  });

  test('stop with the inbox', async () => {
    const [engine, asker, service] = await brokers(2);
    const asked = await listen(service!, '/queue/work');
    const mine = inbox(asker!);
    await engine.settle();
    void asker!.send({ ...message('/queue/work', '1'), replyTo: mine.address });
    await engine.settle();
    mine.close();
    await engine.settle();
    void service!.send(message(asked.deliveries[0]!.replyTo!, 'late'));
    await engine.settle();
    expect(mine.bodies).toEqual([]);
    expect(service!.state).toBe('up');
  });

  test('to a connection that is gone harm nobody', async () => {
    const [engine, asker, service, other] = await brokers(3);
    const asked = await listen(service!, '/queue/work');
    const others = inbox(other!);
    const mine = inbox(asker!);
    await engine.settle();
    void asker!.send({ ...message('/queue/work', '1'), replyTo: mine.address });
    await engine.settle();
    await asker!.close();
    await engine.settle();
    void service!.send(message(asked.deliveries[0]!.replyTo!, 'late'));
    await engine.settle();
    expect(service!.state).toBe('up');
    expect([mine.bodies, others.bodies]).toEqual([[], []]);
  });
}

export function temporaryQueues({ brokers, does }: Suite): void {
  if (does('own-temporary'))
    test('are the connection’s own, whatever others call theirs', async () => {
      const [engine, a, b] = await brokers(2);
      const [mine, theirs] = [await listen(a!, '/temp-queue/x'), await listen(b!, '/temp-queue/x')];
      await send(engine, a!, '/temp-queue/x', 'mine');
      expect([mine.bodies, theirs.bodies]).toEqual([['mine'], []]);
    });

  test('take replies', async () => {
    const [engine, a, service] = await brokers(2);
    await serve(service!, '/queue/work');
    const mine = await listen(a!, '/temp-queue/x');
    void a!.send({ ...message('/queue/work', '1'), replyTo: '/temp-queue/x' });
    await engine.settle();
    expect(mine.bodies).toEqual(['re: 1']);
    expect(mine.deliveries[0]!.destination).toBe('/temp-queue/x');
  });
}
