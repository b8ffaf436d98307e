// What no server of ours does: RabbitMQ's temporary queues, and a network that takes nothing.

import { ManualClock, settled } from '@sallyport/core/testing';
import { overStompjs } from '@sallyport/stompjs';
import { expect, test, vi } from 'vitest';
import { headerOf, scriptedClient } from './fixtures/scripted-socket.js';
import { comesUp } from './fixtures/test-client.js';

const connected = (server: string): string => `CONNECTED\nversion:1.2\nserver:${server}\nheart-beat:0,0\n\n\0`;

test('on RabbitMQ the inbox is never subscribed, and its messages are not the user’s', async () => {
  const { stomp, socket } = scriptedClient((frame) => {
    if (frame.startsWith('CONNECT\n')) return connected('RabbitMQ/4.1.0');
    const replyTo = headerOf(frame, 'reply-to');
    if (replyTo === undefined) return undefined;
    const own = `MESSAGE\nsubscription:elsewhere\nmessage-id:1\ndestination:/queue/x\n\n\0`;
    const answer = '{"jsonrpc":"2.0","id":1,"result":"Grüße"}';
    return `${own}MESSAGE\nsubscription:${replyTo}\nmessage-id:2\ndestination:${replyTo}\n\n${answer}\0`;
  });
  const onUnhandledMessage = vi.fn();
  stomp.onUnhandledMessage = onUnhandledMessage;
  const client = overStompjs(stomp);
  stomp.activate();
  expect(await client.call('any.method')).toBe('Grüße');
  expect(socket.sent.map((frame) => frame.split('\n', 1)[0])).toEqual(['CONNECT', 'SEND']);
  expect(onUnhandledMessage.mock.calls.map(([{ headers }]) => headers.subscription)).toEqual(['elsewhere']);
  await client.close();
});

test('senders wait for room, and are refused when there is far too little', async () => {
  const { stomp, socket } = scriptedClient((frame) =>
    frame.startsWith('CONNECT\n') ? connected('Sallyport') : undefined,
  );
  const clock = new ManualClock();
  const client = overStompjs(stomp, { clock, limits: { writeBuffer: 4_000_000 } });
  stomp.activate();
  await comesUp(client);
  await client.emit('a');
  socket.bufferedAmount = 2_000_000;
  const room = vi.fn();
  const emitted = client.emit('b').then(room);
  clock.advance(1000);
  await settled();
  expect(room).not.toHaveBeenCalled();
  socket.bufferedAmount = 4_000_001;
  await expect(client.emit('c')).rejects.toMatchObject({ code: 'ERR_WRITE_BUFFER', limit: 'writeBuffer' });
  socket.bufferedAmount = 0;
  clock.advance(10);
  await emitted;
  expect(clock.pending).toBe(0);
});

test('a WebSocket that is being closed counts as none: a call waits instead of being lost', async () => {
  const { stomp, socket } = scriptedClient((frame) =>
    frame.startsWith('CONNECT\n') ? connected('Sallyport') : undefined,
  );
  const client = overStompjs(stomp);
  stomp.activate();
  await comesUp(client);
  socket.readyState = 2;
  const call = client.call('any.method', {}, { timeout: 60_000 });
  await expect(client.notify('any.method')).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
  expect(socket.sent).toHaveLength(1);
  const failed = expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'no' });
  await client.close();
  await failed;
});
