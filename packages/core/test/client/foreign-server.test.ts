// What a client does with a server that is not ours, which here says what a test writes. The brokers themselves are tried
// in test/brokers.

import { describe, expect, it } from 'vitest';
import { StompClient } from '../../src/client/index.js';
import { ManualClock, type MemoryStream, memoryStreams } from '../../src/testing/index.js';
import { concatBytes } from '../../src/text.js';
import { quiet } from '../fixtures/pair.js';
import { decode, type Plain } from '../stomp/feeding.js';

/** A client, and the server's ends of its connections, latest last. */
async function dial(server: string, version = '1.2') {
  const clock = new ManualClock();
  const far: MemoryStream[] = [];
  const near: MemoryStream[] = [];
  const client = new StompClient({
    host: 'h',
    clock,
    random: () => 0.5,
    dial: () => {
      const [mine, theirs] = memoryStreams();
      near.push(mine);
      far.push(theirs);
      theirs.send(`CONNECTED\nversion:${version}\nserver:${server}\nheart-beat:0,0\n\n\0`);
      return Promise.resolve(mine);
    },
  });
  await client.stomp.connected;
  return {
    clock,
    client,
    /** What the client has said on its latest connection, CONNECT aside; as records. */
    said: (): Record<string, string>[] => {
      const { sent } = near.at(-1)!;
      const bytes = concatBytes(
        sent,
        sent.reduce((sum, { length }) => sum + length, 0),
      );
      return decode([bytes], { from: 'client', version: '1.2' }).slice(1).map(record);
    },
    /** The server says something on the latest connection. */
    async say(text: string): Promise<void> {
      far.at(-1)!.send(text);
      await quiet();
    },
    /** The connection is lost and made again. */
    async again(): Promise<void> {
      near.at(-1)!.cut();
      await quiet();
      await clock.run(1000);
      await quiet();
    },
  };
}

function record({ command, headers }: Plain): Record<string, string> {
  const all: Record<string, string> = { command };
  for (let at = 0; at < headers.length; at += 2) all[headers[at]!] = headers[at + 1]!;
  return all;
}

const nothing = (): void => {};

describe('RabbitMQ', () => {
  it('has a queue for each subscription of a topic alone, unless told otherwise', async () => {
    const { client, said } = await dial('RabbitMQ/4.3.0');
    void client.stomp.subscribe('/topic/a.#', nothing);
    void client.stomp.subscribe('/topic/b', nothing, { headers: { durable: 'true' } });
    void client.stomp.subscribe('/queue/c', nothing);
    expect(said().map(({ destination, exclusive }) => [destination, exclusive])).toEqual([
      ['/topic/a.#', 'true'],
      ['/topic/b', undefined],
      ['/queue/c', undefined],
    ]);
  });

  it('has temporary queues that are neither subscribed nor unsubscribed', async () => {
    const { client, said, say } = await dial('RabbitMQ/3.10.8');
    const taken: string[] = [];
    const inbox = client.stomp.inbox(({ destination }) => void taken.push(destination));
    const { address } = inbox;
    await say(`MESSAGE\nsubscription:${address}\ndestination:/queue/amq.gen-1\nmessage-id:1\n\nx\0`);
    expect(taken).toEqual([address]);
    inbox.close();
    expect(said()).toEqual([]);
  });

  it('names no receipt in its ERRORs: a subscription that is refused ends all the same', async () => {
    const { client, said, say, clock } = await dial('RabbitMQ/3.10.8');
    const [good, bad] = [client.stomp.subscribe('/topic/a', nothing), client.stomp.subscribe('/nowhere/b', nothing)];
    const refused = expect(bad.ready).rejects.toMatchObject({ code: 'ERR_STOMP_ERROR', message: 'Unknown: b' });
    await say(`RECEIPT\nreceipt-id:${said()[0]!['receipt']}\n\n\0`);
    await good.ready;
    await say('ERROR\nmessage:Unknown\n\nb\0');
    await refused;
    await clock.run(1000);
    await quiet();
    expect(said().map(({ destination }) => destination)).toEqual(['/topic/a']);
  });

  it('is asked again where the ERROR may be about something else', async () => {
    const { client, said, say, clock } = await dial('RabbitMQ/3.10.8');
    void client.stomp.send({ destination: '/nowhere/a', body: '' });
    const { ready } = client.stomp.subscribe('/topic/a', nothing);
    await say('ERROR\nmessage:Unknown\n\na\0');
    await clock.run(1000);
    await quiet();
    await say(`RECEIPT\nreceipt-id:${said()[0]!['receipt']}\n\n\0`);
    await ready;
  });
});

describe('Sallyport', () => {
  it('means the connection by an ERROR that names no receipt: what was being subscribed is, on the next', async () => {
    const { client, said, say, clock } = await dial('Sallyport');
    const { ready } = client.stomp.subscribe('/topic/a', nothing);
    await say('ERROR\nmessage:the server is closing\nerror-code:ERR_CLOSING\n\n\0');
    await clock.run(1000);
    await quiet();
    await say(`RECEIPT\nreceipt-id:${said()[0]!['receipt']}\n\n\0`);
    await ready;
  });
});

describe('ActiveMQ', () => {
  it('is told by its own names what is wanted', async () => {
    const { client, said } = await dial('ActiveMQ/5.17.2');
    void client.stomp.subscribe('/topic/vm.#', nothing, { ack: 'client-individual', prefetch: 3 });
    expect(said()).toMatchObject([
      { destination: '/topic/vm.>', ack: 'client-individual', 'activemq.prefetchSize': '3' },
    ]);
  });

  it('is told until when each call is of use, not until when the first was', async () => {
    const { client, clock, said } = await dial('ActiveMQ/5.17.2');
    const calls = [1, 2].map(() => client.call('a', {}, { service: 's', timeout: 5000 }).catch(nothing));
    const transaction = client.stomp.begin();
    void transaction.send({ destination: '/queue/a', headers: { expiration: '5000' }, body: '' });
    const sends = said().filter(({ command }) => command === 'SEND');
    expect(sends).toHaveLength(3);
    for (const { expires } of sends) expect(Math.abs(Number(expires) - Date.now() - 5000)).toBeLessThan(1000);
    const closed = client.close();
    await clock.run(1000);
    await Promise.all([closed, ...calls]);
  });

  it('goes on with the connection after who was answered has left', async () => {
    const { client, say } = await dial('ActiveMQ/5.17.2');
    const gone = client.stomp.sendConfirmed({ destination: '/remote-temp-queue/ID:1', body: '' });
    const refused = expect(gone).rejects.toMatchObject({ code: 'ERR_STOMP_ERROR' });
    const error =
      'message:temp-queue\\c//ID\\c1\n\norg.apache.activemq.DestinationDoesNotExistException: The destination';
    await say(`ERROR\nreceipt-id:r1\n${error} temp-queue://ID:1 does not exist.\n\tat a.b\n\0`);
    await refused;
    await say(`ERROR\n${error} temp-queue://ID:1 does not exist.\n\0`);
    expect(client.state).toBe('connected');
  });
});

describe.each(['RabbitMQ/3.10.8', 'ActiveMQ/5.17.2', 'Other/1'])('%s', (server) => {
  it('keeps no events: after a lost connection there is a gap', async () => {
    const { client, again, say, said } = await dial(server);
    expect([...client.stomp.can]).toEqual(['acknowledge', 'transact']);
    const events = client.events('a');
    const message = (data: number): string =>
      `MESSAGE\nsubscription:s1\ndestination:/topic/a\nmessage-id:1\n\n{"jsonrpc":"2.0","method":"a","params":${data}}\0`;
    await say(message(1));
    await again();
    expect(said()).toMatchObject([{ command: 'SUBSCRIBE', id: 's1' }]);
    await say(message(2));
    const items = [await events.next(), await events.next(), await events.next()];
    expect(items.map(({ value }) => [value.data, value.gap])).toEqual([
      [1, undefined],
      [undefined, {}],
      [2, undefined],
    ]);
    await events.return();
  });

  it('cannot call one connection: that is said, and not asked for again', async () => {
    const { client, again, said } = await dial(server);
    await expect(client.implement({ a: nothing })).rejects.toMatchObject({ code: 'ERR_DESTINATION' });
    await again();
    expect(said()).toEqual([]);
  });

  it('may tell only that a delivery is not the first', async () => {
    const { client, say } = await dial(server);
    const attempts: unknown[] = [];
    client.stomp.subscribe('/queue/a', ({ attempt }) => void attempts.push(attempt));
    for (const header of ['redelivered:false', 'redelivered:true', 'delivery-count:4'])
      await say(`MESSAGE\nsubscription:s1\ndestination:/queue/a\nmessage-id:1\n${header}\n\n\0`);
    expect(attempts).toEqual([1, 2, 4]);
  });

  it('is not asked for more than can be kept', async () => {
    const { client, said } = await dial(server);
    void client.stomp.subscribe('/queue/a', nothing, { ack: 'client' });
    expect(Object.values(said()[0]!)).toContain('1000');
  });
});

describe('STOMP 1.0', () => {
  it('has no NACK', async () => {
    const { client, say } = await dial('ActiveMQ/5.17.2', '1.0');
    const nacks: unknown[] = [];
    client.stomp.subscribe('/queue/a', ({ nack }) => void nacks.push(nack), { ack: 'client-individual' });
    await say('MESSAGE\nsubscription:s1\ndestination:/queue/a\nmessage-id:1\n\n\0');
    expect(nacks[0]).toThrow(expect.objectContaining({ code: 'ERR_STOMP_COMMAND' }));
  });
});
