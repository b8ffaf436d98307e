// Carries one case out. Returns what the server must not have said, if it said that.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { KeyPair } from '@sallyport/node';
import { octetsOf } from '../target.js';
import type { Plan } from './plan.js';
import { PROXY } from './talk.js';
import type { Victim } from './victim.js';

/** Who is to wait waits so long, milliseconds. */
const PATIENCE = 60;
const MOST_KEPT = 64 * 1024;

export async function attack({ port, known }: Victim, plan: Plan, strange: KeyPair): Promise<string | undefined> {
  const from = plan.isProxied ? { localAddress: PROXY } : {};
  const raw = connectTcp({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true, ...from });
  const closed = ending(raw);
  let said = '';
  if ((await opened(raw, 'connect', closed)) && (await open(raw, plan))) {
    const socket = plan.isSecure ? secured(raw, plan, { known, strange, none: undefined }) : raw;
    const over = Promise.race([closed, ending(socket)]);
    if (plan.reads) {
      socket.on('data', (chunk: Buffer) => {
        if (said.length < MOST_KEPT) said += octetsOf(chunk);
      });
      socket.on('end', () => socket.end());
    }
    if (!plan.isSecure || (await opened(socket, 'secureConnect', over))) {
      await write(socket, plan.pieces);
      if (plan.ending === 'end') socket.end();
      await Promise.race([over, pause(plan.ending === 'destroy' ? 0 : PATIENCE)]);
    }
    socket.destroy();
  }
  raw.destroy();
  await closed;
  return forbidden(said);
}

/** Says what comes first; whether the connection is still there then. TLS would not hear of an end that came before it. */
async function open(raw: Socket, { opening, isSecure }: Plan): Promise<boolean> {
  const look = (): void => void raw.read();
  if (isSecure) raw.on('readable', look);
  await write(raw, opening);
  raw.off('readable', look);
  return !raw.destroyed && !raw.readableEnded;
}

function secured(
  raw: Socket,
  { protocols, certificate }: Plan,
  keys: Record<Plan['certificate'], KeyPair | undefined>,
): Socket {
  return connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols: protocols, ...keys[certificate] });
}

/** One piece in each turn. */
async function write(socket: Socket, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when it is over, however that came about. */
function ending(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('error', () => {}).once('close', () => resolve()));
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
