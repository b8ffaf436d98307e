// Methods every server has. The specification reserves the prefix rpc. for such (JSON-RPC 2.0, section 8).

import {
  type Call,
  ErrorCode,
  type Methods,
  type MethodTable,
  parseJson,
  readRequest,
  requestText,
} from '@sallyport/core/jsonrpc';
import type { Delivery, EmbeddedBroker, EmbeddedLink } from '@sallyport/core/broker';
import { AuthError, bodyText, RpcError, SallyportError } from '@sallyport/core';
import type { Given } from './access.js';
import { readGiven, termsOf } from './json-rpc-login.js';
import type { Login } from './login.js';
import type { Session } from './session.js';

/** What the methods need of the server. */
export interface BuiltIn {
  methods: MethodTable;
  broker: EmbeddedBroker;
  permit: Permit;
  /** Makes a session somebody else's, or renews it; rejects with the RpcError that answers it. */
  renew(session: Session, given: Given): Promise<Login>;
}

/**
 * - `rpc.methods`: the names of all methods.
 * - `rpc.subscribe {pattern}`, `rpc.unsubscribe {pattern}`: events as notifications, for connections that speak bare
 *   JSON-RPC and so have no SUBSCRIBE.
 * - `rpc.authenticate {token}` or `{login, passcode}`: the connection says anew who it is.
 */
export function builtInMethods({ methods, broker, permit, renew }: BuiltIn): Methods {
  const watchers = new WeakMap<Session, Watcher>();
  const watcherOf = (call: Call): Watcher => {
    const session = call.session as Session | undefined;
    if (session?.protocol !== 'jsonrpc')
      throw new RpcError(ErrorCode.invalidRequest, 'only for connections that speak bare JSON-RPC');
    let watcher = watchers.get(session);
    if (watcher === undefined)
      watchers.set(session, (watcher = new Watcher(broker.link({ quota: session.quota }), session, permit)));
    return watcher;
  };
  return {
    rpc: {
      methods: () => methods.names,
      authenticate: async (params: unknown, call) => {
        const given = readGiven(params);
        return termsOf(await renew(call.session as Session, given));
      },
      subscribe: (params: unknown, call) => watcherOf(call).watch(readPattern(params)),
      unsubscribe: (params: unknown, call) => watcherOf(call).unwatch(readPattern(params)),
    },
  };
}

/** Refuses by a throw or a rejection. */
export type Permit = (session: Session, destination: string) => Promise<void> | undefined;

/** The events that one connection watches. */
class Watcher {
  private readonly subscriptions = new Map<string, { close(): void }>();

  constructor(
    private readonly link: EmbeddedLink,
    private readonly session: Session,
    private readonly permit: Permit,
  ) {
    session.onEnd(() => void link.close());
  }

  async watch(pattern: string): Promise<boolean> {
    if (this.subscriptions.has(pattern)) return false;
    const destination = '/topic/' + pattern;
    try {
      await this.permit(this.session, destination);
      const subscription = this.link.subscribe(destination, (delivery) => {
        const text = notificationText(delivery);
        if (text !== undefined) this.session.forward(text);
      });
      this.subscriptions.set(pattern, subscription);
      return true;
    } catch (error) {
      if (error instanceof AuthError) throw new RpcError(ErrorCode.forbidden, error.message);
      if (error instanceof SallyportError) throw new RpcError(ErrorCode.invalidParams, error.message);
      throw error;
    }
  }

  unwatch(pattern: string): boolean {
    this.subscriptions.get(pattern)?.close();
    return this.subscriptions.delete(pattern);
  }
}

/**
 * A notification as one text, written anew; undefined if it is none. Anybody who may publish chooses what is in a body:
 * passed on as it is, a line feed and an answer behind it would answer a call of the watcher's.
 */
function notificationText({ body }: Delivery): string | undefined {
  try {
    const { id, method, params } = readRequest(parseJson(bodyText(body)));
    return id === undefined && !method.startsWith('$/') ? requestText(undefined, method, params) : undefined;
  } catch {
    return undefined;
  }
}

function readPattern(params: unknown): string {
  const pattern = Array.isArray(params)
    ? (params[0] as unknown)
    : (params as { pattern?: unknown } | undefined)?.pattern;
  if (typeof pattern === 'string') return pattern;
  throw new RpcError(ErrorCode.invalidParams, 'Invalid params', 'pattern must be a string such as host.*');
}
