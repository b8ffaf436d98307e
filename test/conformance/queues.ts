// Queues with messages in them, connections that read them and have to acknowledge, and what is left.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { type Scene, subscribe } from './clause.js';
import type { ServerFrame, StompPeer } from './stomp-peer.js';

/** The modes of a subscription that has to acknowledge, from 1.1 on. */
export const BOTH = { client: 'client', individual: 'client-individual' };

export const texts = (messages: readonly ServerFrame[]): string[] => messages.map(({ text }) => text);

/** Each with whether it comes again, and which delivery it is. */
export const counts = (messages: readonly ServerFrame[]) =>
  messages.map((message) => [message.text, message.get('redelivered'), message.get('delivery-count')]);

/** A queue with messages that say `1`, `2`, … in it. */
export async function filled({ connect, newName }: Scene, count: number): Promise<string> {
  const [sender, destination] = [await connect(), newName('queue')];
  const bodies = Array.from({ length: count }, (_, at) => `${at + 1}`);
  sender.send(...bodies.map((body) => frame('SEND', { destination }, body)), frame('DISCONNECT', { receipt: 'r' }));
  await sender.rest();
  return destination;
}

/** A connection that reads a queue by the subscription `mine`, and has to acknowledge. */
export async function reader(
  { connect }: Scene,
  destination: string,
  ack: string,
  prefetch?: number,
): Promise<StompPeer> {
  const peer = await connect();
  await subscribe(peer, 'mine', destination, { ack, ...(prefetch && { 'prefetch-count': `${prefetch}` }) });
  return peer;
}

/** Takes what is left of a queue. */
export async function left({ connect }: Scene, destination: string): Promise<ServerFrame[]> {
  const peer = await connect();
  await subscribe(peer, 'left', destination);
  const messages = await peer.settled();
  await peer.confirmed('bye', frame('DISCONNECT', { receipt: 'bye' }));
  return messages;
}

/** Sends what must be answered by one ERROR and the end, whatever came before, and returns it. */
export async function refused(peer: StompPeer, ...pieces: readonly string[]): Promise<ServerFrame> {
  peer.send(...pieces);
  const errors = (await peer.rest()).filter(({ command }) => command === 'ERROR');
  expect(errors).toHaveLength(1);
  return errors[0]!;
}
