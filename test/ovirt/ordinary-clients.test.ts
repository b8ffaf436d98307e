// Clients of the ordinary dialect as Debian and npm have them, at a port where vdsm's is spoken, too: nothing is different.

import { connect } from 'node:net';
import { Client, type IStompSocket, type IStompSocketMessageEvent } from '@stomp/stompjs';
import { afterAll, beforeAll } from 'vitest';
import { type House, startHouse } from '../fixtures/house.js';
import { stockStompjs } from '../suites/stock-stompjs.js';
import { heartBeats, stompClient } from '../suites/stomp-client.js';

stompClient({
  name: 'python3-stomp beside vdsm’s dialect',
  command: '/usr/bin/python3',
  program: 'python-stomp.py',
  server: { dialect: 'ovirt' },
  casesSince11: heartBeats,
});

let house: House;
beforeAll(async () => {
  house = await startHouse({
    dialect: 'ovirt',
    leastHeartBeat: 20,
    leastGrace: 500,
    heartBeat: { outgoing: 50, incoming: 50 },
  });
});
afterAll(async () => {
  await house.close();
});

/** A TCP connection in the shape of a WebSocket: over a real one only the ordinary dialect is spoken. */
function tcpAsWebSocket(port: number): IStompSocket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const shaped: IStompSocket = {
    url: '',
    binaryType: 'arraybuffer',
    readyState: 0,
    onopen: null,
    onclose: null,
    onerror: null,
    onmessage: null,
    send: (data) => void socket.write(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer)),
    close: () => void socket.end(),
    terminate: () => void socket.destroy(),
  };
  const ready = (state: number): void => void Object.assign(shaped, { readyState: state });
  socket.on('connect', () => {
    ready(1);
    shaped.onopen?.(undefined);
  });
  socket.on('data', (data: Buffer) => {
    // The EOL behind a frame is no beat: a WebSocket would not have brought it.
    const end = data.length > 1 && data.at(-1) === 0x0a ? -1 : undefined;
    const copy = new Uint8Array(data.subarray(0, end)).buffer;
    shaped.onmessage?.({ data: copy } as IStompSocketMessageEvent);
  });
  socket
    .on('error', () => {})
    .on('close', () => {
      ready(3);
      shaped.onclose?.({});
    });
  return shaped;
}

stockStompjs('tcp beside vdsm’s dialect', (config) => {
  return new Client({ ...config, webSocketFactory: () => tcpAsWebSocket(house.port) });
});
