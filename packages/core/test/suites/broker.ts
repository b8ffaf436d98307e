// What every Broker promises, run over each: embedded, over STOMP, on other engines.

import { afterEach, describe, expect, test } from 'vitest';
import { bodyText, HeaderList } from '@sallyport/core';
import type { Broker, BrokerLimits, Delivery, Message, Subscription } from '@sallyport/core/broker';

/** One engine with its connections. */
export interface Engine {
  /** A connection of its own, up. */
  connect(): Promise<Broker>;
  /** Resolves when what has been sent has been delivered. */
  settle(): Promise<void>;
  /** Sends, and rejects if the engine refuses. */
  confirm(broker: Broker, message: Message): Promise<void>;
  /** Lets time pass, where the engine's clock is ours. */
  advance?(milliseconds: number): Promise<void>;
  /** Loses a connection as a network does; it comes back. */
  cut?(broker: Broker): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerSuiteOptions {
  /** Whether the bounds of the embedded broker hold: its limits can be set, and replies are its connections' own. */
  isOurs?: boolean;
  /** Whether there is a connection that can be lost: `Engine.cut`. */
  cuts?: boolean;
  /** What this engine does not do as all others do. */
  lacks?: readonly Lack[];
  /** Destinations that it refuses. Default: all that are not of our grammar. */
  refused?: { send: readonly string[]; subscribe: readonly string[] };
}

/**
 * - `own-temporary`: a connection can send to its own temporary queue.
 * - `return`: what was not acknowledged comes back when its subscription ends, not only with its connection.
 * - `redelivery`: what was refused comes again.
 * - `nack-in-transaction`: a transaction can refuse.
 */
export type Lack = 'own-temporary' | 'return' | 'redelivery' | 'nack-in-transaction';

const notOurs = {
  send: ['', 'nowhere', '/nowhere/x', '/topic/', '/topic/a..b', '/topic/*', '/topic/a.#'],
  subscribe: ['nowhere', '/nowhere/x', '/topic/', '/topic/a..b', '/topic/#.a'],
};

interface Listening {
  subscription: Subscription;
  deliveries: Delivery[];
  /** The bodies as text. */
  readonly bodies: string[];
}

export function brokerSuite(
  name: string,
  open: (limits?: Partial<BrokerLimits>) => Promise<Engine>,
  { isOurs = false, cuts = true, lacks = [], refused = notOurs }: BrokerSuiteOptions = {},
): void {
  const engines: Engine[] = [];
  const does = (what: Lack): boolean => !lacks.includes(what);

  async function start(limits?: Partial<BrokerLimits>): Promise<Engine> {
    const engine = await open(limits);
    engines.push(engine);
    return engine;
  }

  /** An engine and connections to it. */
  async function brokers(count: number, limits?: Partial<BrokerLimits>): Promise<[Engine, ...Broker[]]> {
    const engine = await start(limits);
    const connections: Broker[] = [];
    for (let n = 0; n < count; n++) connections.push(await engine.connect());
    return [engine, ...connections];
  }

  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });

  describe(name, () => {
    describe('topics', () => {
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
    });

    describe('queues', () => {
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
    });

    describe('replies', () => {
      test('go from who was asked to the inbox of who asked, and to nobody else', async () => {
        const [engine, asker, service, other] = await brokers(3);
        await serve(service!, '/queue/work');
        const [mine, others] = [inbox(asker!), inbox(other!)];
        await engine.settle();
        for (const body of ['1', '2', '3'])
          void asker!.send({ ...message('/queue/work', body), replyTo: mine.address });
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
    });

    describe('temporary queues', () => {
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
    });

    describe('refuses', () => {
      test.each(refused.send)('to send to %j', async (destination) => {
        const [engine, a] = await brokers(1);
        await expect(engine.confirm(a!, message(destination, 'x'))).rejects.toThrow();
      });

      // Of none at all there would be nothing to run.
      if (refused.subscribe.length > 0)
        test.each(refused.subscribe)('to subscribe %j', async (destination) => {
          const [, a] = await brokers(1);
          await expect(listen(a!, destination)).rejects.toThrow();
        });

      test('everything once it is closed', async () => {
        const [, a] = await brokers(1);
        const states: string[] = [];
        a!.onState((state) => states.push(state));
        await a!.close();
        await a!.close();
        expect(a!.state).toBe('closed');
        expect(states).toEqual(['closed']);
        expect(() => a!.send(message('/topic/x', 'x'))).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
      });
    });

    if (isOurs)
      describe('a hostile reply-to is refused', () => {
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
      });

    if (isOurs)
      describe('an own queue or topic as reply-to', () => {
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
      });

    if (isOurs)
      describe('bounds', () => {
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
      });

    if (isOurs)
      describe('resume', () => {
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
      });

    describe('acknowledgement', () => {
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

      if (isOurs) {
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
    });

    describe('transactions', () => {
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

      if (isOurs) {
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
    });

    const lost = async (): Promise<void> => {
      const [engine, a, b] = await brokers(2);
      const [topic, queue, temporary] = [
        await listen(b!, '/topic/#'),
        await listen(b!, '/queue/x'),
        await listen(b!, '/temp-queue/x'),
      ];
      await send(engine, a!, '/topic/x', '1');
      const states: string[] = [];
      b!.onState((state) => states.push(state));
      const back = engine.cut!(b!);
      for (const body of ['2', '3']) await send(engine, a!, '/topic/x', body);
      await send(engine, a!, '/queue/x', 'kept');
      await back;
      await send(engine, a!, '/topic/x', '4');
      if (does('own-temporary')) await send(engine, b!, '/temp-queue/x', 'own');
      expect(states).toEqual(['down', 'connecting', 'up']);
      if (b!.can.has('resume')) expect(topic.bodies).toEqual(['1', '2', '3', '4']);
      else expect(topic.bodies).toContain('4');
      expect(queue.bodies).toEqual(['kept']);
      expect(temporary.bodies).toEqual(does('own-temporary') ? ['own'] : []);
    };
    if (cuts) test('a lost connection comes back with its subscriptions, and with what it missed', lost);
  });
}

function message(destination: string, body: string, headers: Record<string, string> = {}): Message {
  return { destination, headers: HeaderList.of(headers), body };
}

async function send(engine: Engine, broker: Broker, destination: string, body: string): Promise<void> {
  await broker.send(message(destination, body));
  await engine.settle();
}

/** Subscribes and waits until the broker has taken it; rejects if it refuses, whichever way. */
async function listen(broker: Broker, destination: string, after?: string): Promise<Listening> {
  const deliveries: Delivery[] = [];
  const subscription = broker.subscribe(destination, (delivery) => void deliveries.push(delivery), { after });
  await subscription.ready;
  return {
    subscription,
    deliveries,
    get bodies() {
      return deliveries.map(({ body }) => bodyText(body));
    },
  };
}

/** Listens to acknowledge. */
async function work(broker: Broker, destination: string, prefetch?: number): Promise<Listening> {
  const deliveries: Delivery[] = [];
  const take = (delivery: Delivery): void => void deliveries.push(delivery);
  const subscription = broker.subscribe(destination, take, { ack: 'client-individual', prefetch });
  await subscription.ready;
  return {
    subscription,
    deliveries,
    get bodies() {
      return deliveries.map(({ body }) => bodyText(body));
    },
  };
}

function inbox(broker: Broker): { address: string; bodies: string[]; close(): void } {
  const bodies: string[] = [];
  const { address, close } = broker.inbox(({ body }) => bodies.push(bodyText(body)));
  return { address, bodies, close };
}

/** Answers whatever comes to a queue. */
async function serve(broker: Broker, destination: string): Promise<void> {
  const answer = ({ body, replyTo }: Delivery): void => void broker.send(message(replyTo!, `re: ${bodyText(body)}`));
  await broker.subscribe(destination, answer).ready;
}
