// Carries one case out. Returns what the server must not have said, if it said that.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { octetsOf } from '../target.js';
import type { Plan } from './plan.js';

/** Who is to wait waits so long, milliseconds. */
const PATIENCE = 60;
const MOST_KEPT = 64 * 1024;

export async function attack(
  port: number,
  { isSecure, protocols, pieces, reads, ending }: Plan,
): Promise<string | undefined> {
  const to = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true };
  const socket = isSecure ? connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: protocols }) : connectTcp(to);
  const closed = new Promise<void>((resolve) => socket.on('error', () => {}).once('close', () => resolve()));
  let said = '';
  if (reads) {
    socket.on('data', (chunk: Buffer) => {
      if (said.length < MOST_KEPT) said += octetsOf(chunk);
    });
    socket.on('end', () => socket.end());
  }
  if (await opened(socket, isSecure ? 'secureConnect' : 'connect', closed)) {
    for (const piece of pieces) {
      if (socket.destroyed) break;
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (ending === 'end') socket.end();
    await Promise.race([closed, pause(ending === 'destroy' ? 0 : PATIENCE)]);
  }
  socket.destroy();
  await closed;
  return forbidden(said);
}

function opened(socket: Socket, event: string, closed: Promise<void>): Promise<boolean> {
  return Promise.race([
    new Promise<boolean>((resolve) => socket.once(event, () => resolve(true))),
    closed.then(() => false),
  ]);
}

function pause(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}

function forbidden(said: string): string | undefined {
  const line = /^HTTP\/1\.1 500.*/m.exec(said)?.[0];
  if (line !== undefined) return `it answers ${line}`;
  const secret = /as asked|ERR_INTERNAL|\n +at .*\.(ts|mjs):\d/.exec(said)?.[0];
  return secret === undefined ? undefined : `it tells ${secret}`;
}
