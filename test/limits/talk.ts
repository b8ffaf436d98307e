// Clients that are nothing but a socket or a WebSocket, and keep all that they hear.

import type { Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { closed, dialled, until } from '../../packages/node/test/fixtures/sockets.js';
import type { House } from '../fixtures/house.js';
import { frame, login } from '../fixtures/raw.js';

export class Talk {
  text = '';
  isOver = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => {});
    void closed(socket).then(() => {
      this.isOver = true;
      socket.end();
    });
  }

  say(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves once something has been heard. */
  async hears(wanted: RegExp): Promise<void> {
    try {
      await until(() => wanted.test(this.text));
    } catch {
      expect(this.text).toMatch(wanted);
    }
  }

  /** Resolves with all that was heard when the server has ended. */
  async end(): Promise<string> {
    await until(() => this.isOver);
    return this.text;
  }

  /** Resolves once the server has dealt with everything said so far, in a session of STOMP. */
  async settled(): Promise<void> {
    const receipt = `settled-${Math.random()}`;
    this.say(frame('SEND', { destination: '/topic/settled', receipt }));
    await this.hears(new RegExp(receipt));
  }
}

export async function talk(house: House): Promise<Talk> {
  return new Talk(await dialled(house.port));
}

/** A client of STOMP that has been let in. */
export async function stompTalk(house: House): Promise<Talk> {
  const client = await talk(house);
  client.say(login);
  await client.hears(/^CONNECTED\n/);
  return client;
}

/** Sends frames behind a login; expects an ERROR with that code, which may name another limit, and the end. */
export async function expectError(house: House, frames: string, code: string, limit: string): Promise<void> {
  const client = await stompTalk(house);
  client.say(frames);
  const text = await client.end();
  expect(text).toMatch(new RegExp(`error-code:${code}\n`));
  expect(text).toContain(`limits.${limit}`);
}

/** An open WebSocket; what it hears, and the code it is closed with. */
export async function webSocketTalk(house: House, protocols: string[] = []) {
  const socket = new WebSocket(house.urls.ws, protocols);
  onTestFinished(() => socket.terminate());
  const client = { socket, text: '', code: 0 };
  socket.on('message', (data: Buffer) => (client.text += data.toString()));
  socket.on('error', () => {});
  socket.on('close', (code) => (client.code = code));
  await new Promise((resolve) => socket.once('open', resolve));
  return client;
}

/** A request by HTTP as text, on a connection of its own, and its answer until the end. */
export async function httpTalk(house: House, head: readonly string[], body = ''): Promise<string> {
  const client = await talk(house);
  client.say([...head, 'host: 127.0.0.1', 'connection: close', '', body].join('\r\n'));
  return client.end();
}

export function post(house: House, body: string): Promise<string> {
  const head = ['POST /rpc HTTP/1.1', 'content-type: application/json', `content-length: ${body.length}`];
  return httpTalk(house, head, body);
}
