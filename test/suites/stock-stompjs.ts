// @stomp/stompjs as it is, with nothing of ours on its side: what any STOMP client may expect of the server.

import { Client, type IMessage, type StompConfig, Versions } from '@stomp/stompjs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

/** Makes a client that is not active yet, for one version of STOMP. */
export type MakeClient = (config: StompConfig & { stompVersions: Versions }) => Client;

let lastName = 0;
const newName = (): string => `stock${Date.now().toString(36)}${++lastName}`;

/** The server must offer heart-beats every 50 ms, with a grace of at most 500. */
export function stockStompjs(name: string, make: MakeClient): void {
  for (const version of ['1.2', '1.1', '1.0']) {
    describe(`@stomp/stompjs over ${name}, STOMP ${version}`, () => {
      const connect = async (config: StompConfig = {}): Promise<Client> => {
        const client = make({ reconnectDelay: 20, stompVersions: new Versions([version]), ...config });
        onTestFinished(() => client.deactivate({ force: true }));
        await connected(client);
        return client;
      };
      rpc(connect);
      messages(connect, version);
      connections(connect, version);
    });
  }
}

type Connect = (config?: StompConfig) => Promise<Client>;

function rpc(connect: Connect): void {
  test('a call, answered to a temporary queue subscribed beforehand', async () => {
    const client = await connect();
    const answer = new Promise<IMessage>((resolve) => client.subscribe('/temp-queue/answers', resolve));
    call(client, '/temp-queue/answers', 'house.echo', { value: 'Grüße, 世界 🚪' });
    const { body, headers } = await answer;
    expect(JSON.parse(body)).toEqual({ jsonrpc: '2.0', id: 7, result: { value: 'Grüße, 世界 🚪' } });
    expect(headers).toMatchObject({ destination: '/temp-queue/answers', 'content-type': 'application/json' });
  });

  test('a call as with RabbitMQ: the temporary queue is never subscribed', async () => {
    const client = await connect();
    const answer = new Promise<IMessage>((resolve) => (client.onUnhandledMessage = resolve));
    call(client, '/temp-queue/answers', 'house.add', { a: 2, b: 3 });
    const { body, headers } = await answer;
    expect(JSON.parse(body)).toEqual({ jsonrpc: '2.0', id: 7, result: 5 });
    expect(headers['subscription']).toBe('/temp-queue/answers');
  });

  test('a service of its own', async () => {
    const [server, client] = [await connect(), await connect()];
    const service = newName();
    await confirmed(server, (receipt) =>
      server.subscribe(
        `/queue/rpc.${service}`,
        ({ body, headers }) => {
          const { id, params } = JSON.parse(body) as { id: number; params: { name: string } };
          const result = `good day, ${params.name}`;
          server.publish({
            destination: headers['reply-to']!,
            body: JSON.stringify({ jsonrpc: '2.0', id, result }),
          });
        },
        { receipt },
      ),
    );
    const answer = new Promise<IMessage>((resolve) => client.subscribe('/temp-queue/answers', resolve));
    call(client, '/temp-queue/answers', 'greet', { name: 'Ann' }, `/queue/rpc.${service}`);
    expect(JSON.parse((await answer).body)).toMatchObject({ id: 7, result: 'good day, Ann' });
  });
}

function messages(connect: Connect, version: string): void {
  test('events, by a pattern', async () => {
    const client = await connect();
    const topic = newName();
    const bodies: unknown[] = [];
    const all = new Promise<void>((resolve) =>
      client.subscribe(`/topic/${topic}.*`, ({ body, headers }) => {
        expect(headers['destination']).toBe(`/topic/${topic}.count`);
        if (bodies.push(JSON.parse(body)) === 3) resolve();
      }),
    );
    call(client, '/temp-queue/answers', 'house.emit', { name: `${topic}.count`, from: 1, to: 3 });
    await all;
    const event = (number: number) => ({ jsonrpc: '2.0', method: `${topic}.count`, params: { number } });
    expect(bodies).toEqual([event(1), event(2), event(3)]);
  });

  test('bodies and headers arrive as they were sent', async () => {
    const [sender, receiver] = [await connect(), await connect()];
    const bytes = Uint8Array.from({ length: 512 }, (_, at) => at & 0xff);
    const received = await listening(receiver, 3);
    const headers = { größe: 'Ünïcödé 🚪', ...(version === '1.2' && { odd: 'a:b\nc' }) };
    sender.publish({ destination: received.destination, headers, body: 'Grüße 🚪' });
    sender.publish({ destination: received.destination, binaryBody: bytes });
    sender.publish({ destination: received.destination, body: '' });
    const [text, binary, empty] = await received.messages;
    expect(text!.body).toBe('Grüße 🚪');
    expect(text!.headers).toMatchObject(headers);
    expect([...binary!.binaryBody]).toEqual([...bytes]);
    expect(empty!.body).toBe('');
  });

  test('large ones, whole, in pieces and as binary WebSocket messages', async () => {
    const large = '0123456789abcdef'.repeat(200_000);
    for (const config of [{}, { splitLargeFrames: true }, { forceBinaryWSFrames: true }]) {
      const client = await connect(config);
      const received = await listening(client, 1);
      client.publish({ destination: received.destination, body: large });
      expect((await received.messages)[0]!.body === large).toBe(true);
      await client.deactivate();
    }
  });

  test('receipts, and nothing more after UNSUBSCRIBE', async () => {
    const client = await connect();
    const destination = `/topic/${newName()}`;
    const seen: string[] = [];
    const subscription = client.subscribe(destination, ({ body }) => seen.push(body));
    await confirmed(client, (receipt) => client.publish({ destination, body: 'one', headers: { receipt } }));
    await confirmed(client, (receipt) => subscription.unsubscribe({ receipt }));
    await confirmed(client, (receipt) => client.publish({ destination, body: 'two', headers: { receipt } }));
    expect(seen).toEqual(['one']);
  });
}

function connections(connect: Connect, version: string): void {
  test('which version was agreed on, and leaving in good order', async () => {
    const client = await connect();
    expect(client.connectedVersion).toBe(version);
    const left = new Promise((resolve) => (client.onDisconnect = resolve));
    await client.deactivate();
    await left;
  });

  test('an ERROR says what was wrong and about which frame; then it comes back', async () => {
    const client = await connect();
    const error = new Promise<IMessage>((resolve) => (client.onStompError = resolve as typeof client.onStompError));
    const again = new Promise((resolve) => (client.onConnect = resolve));
    client.subscribe('/nowhere/a', () => {}, { receipt: 'r-1' });
    const { headers } = await error;
    expect(headers).toMatchObject({ 'error-code': 'ERR_DESTINATION', 'receipt-id': 'r-1' });
    expect(headers['message']).toContain('/topic/');
    await again;
  });

  test('cut from either side it connects again, and subscribes anew', async () => {
    const client = await connect({ discardWebsocketOnCommFailure: true });
    for (const cut of [
      () => client.forceDisconnect(),
      () => call(client, '/temp-queue/answers', 'house.destroy', { key: newName() }),
    ]) {
      const again = new Promise((resolve) => (client.onConnect = resolve));
      cut();
      await again;
      const received = await listening(client, 1);
      client.publish({ destination: received.destination, body: 'back' });
      expect((await received.messages)[0]!.body).toBe('back');
    }
  });

  // STOMP 1.0 knows no heart-beats.
  if (version !== '1.0')
    test('heart-beats, both ways', async () => {
      let beats = 0;
      let sent = 0;
      const onWebSocketClose = vi.fn();
      await new Promise<void>((resolve) => {
        void connect({
          // Long enough for a machine that is busy: stompjs gives up after twice the interval.
          heartbeatIncoming: 300,
          heartbeatOutgoing: 300,
          onHeartbeatReceived: () => ++beats === 4 && resolve(),
          debug: (text) => void (text === '>>> PING' && sent++),
          onWebSocketClose,
        });
      });
      // The server would have ended it by now: its grace was shorter than that.
      expect(onWebSocketClose).not.toHaveBeenCalled();
      expect(sent).toBeGreaterThan(2);
    });
}

function connected(client: Client): Promise<unknown> {
  return new Promise((resolve) => {
    client.onConnect = resolve;
    client.activate();
  });
}

function call(client: Client, replyTo: string, method: string, params: unknown, destination = '/queue/rpc'): void {
  const headers = { 'reply-to': replyTo, 'content-type': 'application/json' };
  client.publish({ destination, headers, body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }) });
}

let lastReceipt = 0;

/** Resolves once the server has confirmed what is sent with a receipt. */
function confirmed(client: Client, send: (receipt: string) => unknown): Promise<unknown> {
  const receipt = `receipt-${++lastReceipt}`;
  return new Promise((resolve) => {
    client.watchForReceipt(receipt, resolve);
    send(receipt);
  });
}

/** A topic that is listened to, and its first messages. */
async function listening(
  client: Client,
  count: number,
): Promise<{ destination: string; messages: Promise<IMessage[]> }> {
  const destination = `/topic/${newName()}`;
  const messages: IMessage[] = [];
  let done!: (messages: IMessage[]) => void;
  const all = new Promise<IMessage[]>((resolve) => (done = resolve));
  const take = (message: IMessage): void => void (messages.push(message) === count && done(messages));
  await confirmed(client, (receipt) => client.subscribe(destination, take, { receipt }));
  return { destination, messages: all };
}
