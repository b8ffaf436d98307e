// A page's own @stomp/stompjs client with such a broker: calls and events through it.

import { overStompjs } from '@sallyport/stompjs';
import { Client, type IStompSocket } from '@stomp/stompjs';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type ForeignBroker, newName } from './setup.js';

export function stompjs(broker: ForeignBroker): void {
  /** A client of stompjs that is connecting, and ours over it. */
  const open = () => {
    const stomp = new Client({
      webSocketFactory: () => new WebSocket(broker.running().urls['ws']!, ['v12.stomp']) as unknown as IStompSocket,
      connectHeaders: { login: 'guest', passcode: 'guest', host: '/' },
      reconnectDelay: 20,
    });
    const losses: unknown[] = [];
    stomp.onWebSocketClose = (event) => losses.push(event);
    const client = overStompjs(stomp);
    stomp.activate();
    onTestFinished(async () => {
      await client.close();
      await stomp.deactivate();
    });
    return { stomp, client, losses };
  };

  test('calls a service, and is one', async () => {
    const [server, { client, losses }] = [open(), open()];
    const service = newName();
    await server.client.implement({ add: ({ a, b }: { a: number; b: number }) => a + b }, { service });
    expect(await client.call('add', { a: 2, b: 3 }, { service })).toBe(5);
    await expect(client.call('sub', {}, { service })).rejects.toMatchObject({ code: -32601 });
    await client.close();
    await server.client.call('add', { a: 1, b: 1 }, { service });
    expect(losses).toEqual([]);
  });

  test('watches events; those that were missed are a gap', async () => {
    const { stomp, client } = open();
    const name = newName();
    const events = client.events(`${name}.#`);
    await events.ready;
    await client.emit(`${name}.1.started`, { id: 1 });
    expect((await events.next()).value).toMatchObject({ name: `${name}.1.started`, data: { id: 1 } });
    stomp.forceDisconnect();
    expect((await events.next()).value).toMatchObject({ gap: {} });
    await client.close();
  });

  test('cannot be called by itself alone, and says so', async () => {
    const { client } = open();
    await expect(client.implement({ a: () => 1 })).rejects.toMatchObject({ code: 'ERR_DESTINATION' });
  });
}
