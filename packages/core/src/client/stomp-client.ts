// A client with a connection of its own, which it keeps up.

import { type BrokerState } from '../broker/broker.js';
import { AuthError, RpcError } from '../errors.js';
import { ErrorCode } from '../jsonrpc/message.js';
import { Client, type ClientOptions } from './client.js';
import type { Contract } from './remote.js';
import type { RetryInfo } from './kept-connection.js';
import { StompBroker, type StompBrokerOptions } from './stomp-broker.js';

/**
 * - `connecting`: the first connection is being made.
 * - `connected`: calls go out now.
 * - `reconnecting`: the connection was lost and is being made again; calls wait.
 * - `closed`: for good, by `close()` or because the server refuses us.
 */
export type ClientState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** The state of a connection that is kept up, as clients tell it. */
export function clientState(state: BrokerState, wasUp: boolean): ClientState {
  if (state === 'up') return 'connected';
  if (state === 'closed') return 'closed';
  return wasUp ? 'reconnecting' : 'connecting';
}

/** Options of a client that has a connection of its own. */
export type ClientOptionsOverStomp = ClientOptions & StompBrokerOptions;

/**
 * A client with a connection of its own, which it keeps up: what `connect` gives. Calls methods, watches events, serves
 * methods.
 */
export class StompClient<Api extends Contract = Contract> extends Client<Api> {
  /** The session below, for whoever wants to send and subscribe by STOMP's own terms. */
  readonly stomp: StompBroker;
  readonly #auth: StompBrokerOptions['auth'];

  /** Begins to connect. */
  constructor(options: ClientOptionsOverStomp) {
    const stomp = new StompBroker(options);
    super(stomp, options);
    this.#auth = options.auth;
    this.stomp = stomp;
  }

  /** What has become of the connection. */
  get state(): ClientState {
    return clientState(this.stomp.state, this.stomp.wasUp);
  }

  /** Calls back on each change of state; returns what stops that. `info` tells of attempts and when the next one is. */
  onState(listener: (state: ClientState, info: RetryInfo) => void): () => void {
    return this.stomp.onState((state) => listener(clientState(state, this.stomp.wasUp), this.stomp.retry));
  }

  /**
   * Resolves at once while there is a connection, else with the next one; rejects with the reason once the client is closed
   * for good. Calls wait by themselves; what is sent by `stomp` does not.
   */
  connected(): Promise<void> {
    return this.stomp.connected;
  }

  /**
   * Says anew who we are, on the connection there is: asks the option `auth` again, so that a login goes on whose time is
   * nearly over, or becomes another one. Rejects with AuthError if the server refuses; then it stays what it was.
   */
  async authenticate(): Promise<void> {
    const auth = this.#auth;
    const credentials = typeof auth === 'function' ? await auth({ attempt: 1 }) : auth;
    try {
      await this.call('rpc.authenticate', credentials, { whenOffline: 'fail' });
    } catch (error) {
      const isRefused = error instanceof RpcError && error.code === Number(ErrorCode.forbidden);
      throw isRefused ? new AuthError('ERR_AUTH', error.message) : error;
    }
  }

  /** Drops the connection as if the network had; it comes back. For trying out what happens then. */
  cut(): void {
    this.stomp.cut();
  }

  /** Tries to connect at once instead of waiting for the next attempt's time. */
  retryNow(): void {
    this.stomp.retryNow();
  }
}

/** Connects; resolves with the client once it is connected, or at once if it is to go on trying (`retryFirst`). */
export async function connectClient<Api extends Contract = Contract>(
  options: ClientOptionsOverStomp,
): Promise<StompClient<Api>> {
  const client = new StompClient<Api>(options);
  if (options.retryFirst) return client;
  await client.stomp.connected;
  return client;
}
