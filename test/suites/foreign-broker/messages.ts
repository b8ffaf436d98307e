// What is sent is what arrives.

import { setTimeout as delay } from 'node:timers/promises';
import { bodyBytes, bodyText } from '@sallyport/core';
import { expect, test } from 'vitest';
import { newName, type Setup, take, takeBodies } from './setup.js';

export function messages(setup: Setup): void {
  const { broker, version, connect } = setup;
  test('to a topic reach all who listen, to a queue one of them', async () => {
    const [a, b, c] = [await connect(), await connect(), await connect()];
    const name = newName();
    const [b1, c1] = [b.stomp.subscribe(`/topic/${name}`), c.stomp.subscribe(`/topic/${name}`)];
    const [b2, c2] = [b.stomp.subscribe(`/queue/${name}`), c.stomp.subscribe(`/queue/${name}`)];
    await Promise.all([b1, c1, b2, c2].map(({ ready }) => ready));
    for (const body of ['1', '2', '3', '4']) {
      await a.stomp.sendConfirmed({ destination: `/topic/${name}`, body });
      await a.stomp.sendConfirmed({ destination: `/queue/${name}`, body });
    }
    expect(await takeBodies(b1, 4)).toEqual(['1', '2', '3', '4']);
    expect(await takeBodies(c1, 4)).toEqual(['1', '2', '3', '4']);
    const shared = [...(await takeBodies(b2, 2)), ...(await takeBodies(c2, 2))];
    expect(shared.sort()).toEqual(['1', '2', '3', '4']);
  });

  if (setup.isTextOnly) text(setup);
  else octets(setup);

  test('are text with its type', async () => {
    const client = await connect();
    const destination = `/topic/${newName()}`;
    const stream = client.stomp.subscribe(destination);
    await stream.ready;
    const body = 'Grüße, 世界 🚪\0\n:\\';
    void client.stomp.send({ destination, headers: { 'content-type': 'text/plain;charset=utf-8' }, body });
    const [delivery] = await take(stream, 1);
    expect(bodyText(delivery!.body)).toBe(body);
    expect(delivery!.headers.get('content-type')).toBe('text/plain;charset=utf-8');
    expect(delivery!.destination).toBe(destination);
  });

  test.each(broker.headers[version])('have headers: %j', async (value) => {
    const client = await connect();
    const destination = `/topic/${newName()}`;
    const stream = client.stomp.subscribe(destination);
    await stream.ready;
    void client.stomp.send({ destination, headers: { note: value, after: 'it' }, body: '' });
    const { headers } = (await take(stream, 1))[0]!;
    expect([headers.get('note'), headers.get('after')]).toEqual([value, 'it']);
  });

  test('are confirmed, in order', async () => {
    const client = await connect();
    const destination = `/queue/${newName()}`;
    const confirmed: number[] = [];
    const sends = Array.from({ length: 20 }, (_, n) =>
      client.stomp.sendConfirmed({ destination, body: String(n) }).then(() => confirmed.push(n)),
    );
    await Promise.all(sends);
    const stream = client.stomp.subscribe(destination);
    expect(await takeBodies(stream, 20)).toEqual(sends.map((_, n) => String(n)));
  });

  test('are forgotten when their time is over', async () => {
    const client = await connect();
    const destination = `/queue/${newName()}`;
    await client.stomp.sendConfirmed({ destination, headers: { expiration: '1' }, body: 'brief' });
    await client.stomp.sendConfirmed({ destination, headers: { expiration: '60000' }, body: 'long' });
    await delay(20);
    expect(await takeBodies(client.stomp.subscribe(destination), 1)).toEqual(['long']);
  });
}

function octets({ connect }: Setup): void {
  test('have any octets and any length', async () => {
    const client = await connect();
    const destination = `/topic/${newName()}`;
    const stream = client.stomp.subscribe(destination);
    await stream.ready;
    const octets = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    const large = new Uint8Array(8 * 1024 * 1024).map((_, at) => at % 251);
    for (const body of [octets, new Uint8Array(), large]) await client.stomp.send({ destination, body });
    const bodies = (await take(stream, 3)).map(({ body }) => Buffer.from(bodyBytes(body)));
    expect(bodies.map(({ length }) => length)).toEqual([256, 0, large.length]);
    expect(bodies[0]!.equals(octets)).toBe(true);
    expect(bodies[2]!.equals(large)).toBe(true);
  });
}

/** RabbitMQ's WebSocket as it comes sends text messages, whatever the bytes. */
function text({ connect }: Setup): void {
  test('have any text and any length', async () => {
    const client = await connect();
    const destination = `/topic/${newName()}`;
    const stream = client.stomp.subscribe(destination);
    await stream.ready;
    // All of its lengths in UTF-8, so that what is cut is cut within characters.
    const sent = ['\u0001\t\u007f', '', 'aé世🚪'.repeat(800_000)];
    for (const body of sent) await client.stomp.send({ destination, body });
    const bodies = await takeBodies(stream, 3);
    expect(bodies.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
    expect(bodies.every((body, at) => body === sent[at])).toBe(true);
  });

  test('that are no text cost the connection (RFC 6455, 8.1), and it comes back', async () => {
    const client = await connect();
    const lost = new Promise((resolve) =>
      client.onState((state, { error }) => state === 'reconnecting' && resolve(error)),
    );
    const destination = `/topic/${newName()}`;
    const stream = client.stomp.subscribe(destination);
    await stream.ready;
    const other = await connect();
    await other.stomp.sendConfirmed({ destination, body: Uint8Array.of(0xff) });
    expect(await lost).toMatchObject({ code: 'ERR_CONNECTION_LOST', cause: { code: 'WS_ERR_INVALID_UTF8' } });
    // By then its subscriptions are there again.
    await client.stomp.connected;
    await client.stomp.sendConfirmed({ destination, body: 'after' });
    expect(await takeBodies(stream, 1)).toEqual(['after']);
  });
}
