// The events of one host: one subscription of its event queue for all iterations, as long as there is any.

import { randomUUID } from 'node:crypto';
import type { Body } from '@sallyport/core';
import type { Subscription } from '@sallyport/core/broker';
import type { StompConnection } from '@sallyport/core/stomp';
import { jsonOf } from '@sallyport/core/jsonrpc';
import { type EventName, eventNameText, readEventName } from '../event-name.js';
import type { OvirtEvent } from './event-stream.js';

export class HostEvents {
  readonly #host: string;
  readonly #destination: string;
  readonly #depth: number | undefined;
  readonly #listeners = new Set<(event: OvirtEvent) => void>();
  #connection: StompConnection | undefined;
  /** The subscription on the present connection. */
  #id: string | undefined;

  constructor(host: string, destination: string, depth: number | undefined) {
    this.#host = host;
    this.#destination = destination;
    this.#depth = depth;
  }

  /** Calls back with all events, on this connection and those that follow. */
  listen(on: (event: OvirtEvent) => void, ready: Promise<void>): Subscription {
    this.#listeners.add(on);
    this.#subscribe();
    const close = (): void => {
      this.#listeners.delete(on);
      if (this.#listeners.size === 0) this.#unsubscribe();
    };
    return { ready, cursor: undefined, close };
  }

  /** There is a new connection. */
  restore(connection: StompConnection): void {
    this.#connection = connection;
    this.#id = undefined;
    if (this.#listeners.size > 0) this.#subscribe();
  }

  /** There is none any more. */
  lost(): void {
    this.#connection = this.#id = undefined;
  }

  /** Takes what came by a subscription; false if it is not ours. */
  take(subscription: string, body: Body): boolean {
    if (subscription !== this.#id) return false;
    const event = this.#read(body);
    if (event !== undefined) for (const listener of [...this.#listeners]) listener(event);
    return true;
  }

  #subscribe(): void {
    if (this.#connection === undefined || this.#id !== undefined) return;
    this.#id = randomUUID();
    void this.#connection.frame('SUBSCRIBE', { destination: this.#destination, ack: 'auto', id: this.#id });
  }

  #unsubscribe(): void {
    if (this.#id !== undefined) void this.#connection?.frame('UNSUBSCRIBE', { id: this.#id });
    this.#id = undefined;
  }

  /** Undefined for what is no event, or not named as one: anybody may send to the queue. */
  #read(body: Body): OvirtEvent | undefined {
    const { method, params } = (jsonOf({ body }, this.#depth) ?? {}) as { method?: unknown; params?: unknown };
    const sent = typeof method === 'string' ? readEventName(method) : undefined;
    if (sent === undefined) return undefined;
    const name: EventName = { ...sent, receiver: sent.receiver || this.#host };
    const { notify_time: time } = (params ?? {}) as { notify_time?: unknown };
    const notifyTime = typeof time === 'number' ? time : undefined;
    return { name: eventNameText(name), ...name, data: params, notifyTime, gap: undefined };
  }
}
