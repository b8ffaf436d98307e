// In Node, where @stomp/stompjs is given the WebSocket of `ws`.

import { overStompjs } from '@sallyport/stompjs';
import { Client as StompjsClient, type IStompSocket, type StompConfig } from '@stomp/stompjs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type House, startHouse } from '../../../test/fixtures/house.js';
import type { HouseApi } from '../../../test/fixtures/house-api.js';
import { bothWays } from '../../../test/suites/both-ways.js';
import { becomes, comesUp, testClient } from './fixtures/test-client.js';

let house: House;
beforeAll(async () => {
  house = await startHouse({
    authorize: ({ destination }) => !destination?.includes('forbidden'),
  });
});
afterAll(async () => {
  await house.close();
});

function stompjs(config: StompConfig = {}, scheme: 'ws' | 'wss' = 'ws'): StompjsClient {
  const client = new StompjsClient({
    reconnectDelay: 20,
    discardWebsocketOnCommFailure: true,
    webSocketFactory: () =>
      new WebSocket(house.urls[scheme], ['v12.stomp'], { ca: house.certificate }) as unknown as IStompSocket,
    ...config,
  });
  onTestFinished(() => client.deactivate({ force: true }));
  return client;
}

bothWays('@stomp/stompjs on ws', (options) => testClient(stompjs(), options));
bothWays('@stomp/stompjs on wss', (options) => testClient(stompjs({}, 'wss'), options));

describe('the client stays its owner’s', () => {
  test('their callbacks are called, set before or after, and chained', async () => {
    const calls: string[] = [];
    const stomp = stompjs({ onConnect: () => calls.push('before') });
    const client = overStompjs<HouseApi>(stomp);
    const found = stomp.onConnect;
    stomp.onConnect = (frame) => {
      calls.push(`chained ${client.broker.state}`);
      found.call(stomp, frame);
    };
    const closed = new Promise((resolve) => (stomp.onWebSocketClose = resolve));
    stomp.activate();
    expect(await client.api.house.add({ a: 1, b: 2 })).toBe(3);
    // When the owner hears of the connection, calls go out.
    expect(calls).toEqual(['chained up', 'before']);
    stomp.forceDisconnect();
    await closed;
  });

  test('closing leaves it connected, with its own subscriptions and callbacks', async () => {
    const onConnect = vi.fn();
    const stomp = stompjs({ onConnect });
    const client = overStompjs<HouseApi>(stomp);
    stomp.activate();
    await comesUp(client);
    const said = new Promise<string>((resolve) => stomp.subscribe('/topic/own', ({ body }) => resolve(body)));
    const events = client.events('#');
    await events.ready;
    const onStompError = vi.fn();
    stomp.onStompError = onStompError;
    await client.close();
    expect(stomp.onConnect).toBe(onConnect);
    expect(stomp.onStompError).toBe(onStompError);
    expect(Object.getOwnPropertyDescriptor(stomp, 'onConnect')).toMatchObject({ writable: true, enumerable: true });
    expect(stomp.connected).toBe(true);
    stomp.publish({ destination: '/topic/own', body: 'still here' });
    expect(await said).toBe('still here');
    expect(await events.next()).toEqual({ value: undefined, done: true });
    await expect(client.api.house.me()).rejects.toMatchObject({ code: 'ERR_CLOSED', sent: 'no' });
    await expect(client.emit('a')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await client.close();
  });

  test('several of ours share it, and each goes on without the others', async () => {
    const stomp = stompjs();
    const [one, two] = [overStompjs<HouseApi>(stomp), overStompjs<HouseApi>(stomp)];
    stomp.activate();
    expect(await Promise.all([one.api.house.add({ a: 1, b: 2 }), two.api.house.add({ a: 3, b: 4 })])).toEqual([3, 7]);
    await one.close();
    const down = becomes(two.broker, 'down');
    stomp.forceDisconnect();
    await down;
    expect(await two.api.house.add({ a: 5, b: 6 })).toBe(11);
    await two.close();
  });
});

describe('when it is connected is its owner’s matter', () => {
  test('calls and subscriptions wait for it to be activated, or fail if they are told to', async () => {
    const stomp = stompjs();
    const client = overStompjs<HouseApi>(stomp);
    expect(client.broker.state).toBe('connecting');
    const events = client.events<{ number: number }>('early');
    const call = client.api.house.emit({ name: 'early', from: 7, to: 7 });
    await expect(client.call('house.me', {}, { whenOffline: 'fail' })).rejects.toMatchObject({ sent: 'no' });
    await expect(client.emit('early')).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
    stomp.activate();
    await call;
    expect((await events.next()).value).toMatchObject({ data: { number: 7 } });
  });

  test('one that is connected already is used at once', async () => {
    const stomp = stompjs();
    const connected = new Promise((resolve) => (stomp.onConnect = resolve));
    stomp.activate();
    await connected;
    const client = overStompjs<HouseApi>(stomp);
    expect(client.broker.state).toBe('up');
    expect(await client.api.house.add({ a: 1, b: 2 })).toBe(3);
  });

  test('deactivated it is down; activated again it goes on', async () => {
    const stomp = stompjs();
    const client = overStompjs<HouseApi>(stomp);
    stomp.activate();
    const events = client.events<{ number: number }>('again');
    await events.ready;
    await stomp.deactivate();
    expect(client.broker.state).toBe('down');
    house.server.emit('again', { number: 1 });
    const call = client.api.house.emit({ name: 'again', from: 2, to: 2 });
    stomp.activate();
    await call;
    expect((await events.next()).value).toMatchObject({ data: { number: 1 } });
    expect((await events.next()).value).toMatchObject({ data: { number: 2 } });
  });

  test('a subscription that the server refuses ends, and the others come back', async () => {
    const stomp = stompjs();
    const client = overStompjs<HouseApi>(stomp);
    const errors = vi.fn();
    stomp.onStompError = errors;
    const events = client.events<{ number: number }>('allowed');
    stomp.activate();
    await events.ready;
    const forbidden = client.events('forbidden');
    await expect(forbidden.ready).rejects.toMatchObject({ name: 'ProtocolError', code: 'ERR_FORBIDDEN' });
    await expect(forbidden.next()).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' });
    await becomes(client.broker, 'down');
    await client.api.house.emit({ name: 'allowed', from: 3, to: 3 });
    expect((await events.next()).value).toMatchObject({ data: { number: 3 } });
    expect(errors).toHaveBeenCalledTimes(1);
  });
});

test('a wrong option is named', () => {
  expect(() => overStompjs(stompjs(), { timeot: 1 } as object)).toThrow(/overStompjs: unknown option timeot/);
  expect(() => overStompjs(stompjs(), { limits: { body: 0 } })).toThrow(/overStompjs: limits.body must be/);
});
