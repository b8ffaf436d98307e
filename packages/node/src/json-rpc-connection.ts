// Bare JSON-RPC on one connection: who it is, then calls both ways, then why it ends.

import { type MessageChannel, type SallyportError, systemClock, toError } from '@sallyport/core';
import { type Dispatcher, errorText, JsonRpcPeer, type JsonRpcPeerOptions, requestText } from '@sallyport/core/jsonrpc';
import { isNothing, Refusal } from './access.js';
import type { Arrival } from './arrival.js';
import { endAndClose } from './drain.js';
import type { Connection, Entrance } from './entrance.js';
import { readLogin, refused } from './json-rpc-login.js';
import { defaultServerLimits } from './limits.js';

/** Tells that the server is closing: a notification with `{ message }`. */
const closingMethod = '$/closing';

export interface JsonRpcHost {
  entrance: Entrance;
  dispatcher: Dispatcher;
  options: Omit<JsonRpcPeerOptions, 'dispatcher' | 'caller'> & { limits?: { connectTime?: number } | undefined };
}

type Texts = AsyncIterator<string, unknown>;

/** Serves a connection until it ends; resolves with the reason if that was not in good order. */
export async function serveJsonRpc(
  channel: MessageChannel,
  arrival: Arrival,
  host: JsonRpcHost,
): Promise<Error | undefined> {
  const { entrance } = host;
  const session = entrance.session(arrival.origin);
  const connection = entrance.enter(session, arrival, {
    end: (reason) => {
      // Who has not been let in is told nothing.
      if (entrance.sessions.has(session)) post(channel, lastWords(reason));
      void channel.close();
    },
    close: (reason) => channel.close(reason),
  });
  const texts: Texts = channel[Symbol.asyncIterator]();
  let outcome: Error | undefined;
  try {
    if (await isLetIn(connection, channel, texts, host)) outcome = await run(connection, channel, texts, host);
  } catch (error) {
    outcome = toError(error);
  }
  await channel.close();
  entrance.leave(session);
  return outcome;
}

/** By what is known of it, or by its first message. */
async function isLetIn(
  connection: Connection,
  channel: MessageChannel,
  texts: Texts,
  { entrance, options }: JsonRpcHost,
): Promise<boolean> {
  const { given, opened } = connection.arrival;
  const isClaimless = isNothing(given);
  try {
    await entrance.admit(connection, given, { isClaimless, isFree: isClaimless, opened });
    return true;
  } catch (error) {
    const mayTry = error instanceof Refusal && isClaimless;
    if (!mayTry) post(channel, errorText(null, refused(error as Error)));
    if (!mayTry) throw error;
  }
  const { clock = systemClock, limits } = options;
  const left = opened + (limits?.connectTime ?? defaultServerLimits.connectTime) - clock.now();
  const late = clock.after(left, () => {
    post(channel, errorText(null, refused(new Refusal(true))));
    void channel.close();
  });
  const send = (text: string): void => post(channel, text);
  const login = readLogin({ texts, send, admit: (said) => entrance.admit(connection, said) });
  return (await login.finally(() => late.cancel())) !== undefined;
}

function run(
  connection: Connection,
  channel: MessageChannel,
  texts: Texts,
  { entrance, dispatcher, options }: JsonRpcHost,
): Promise<Error | undefined> {
  const { session } = connection;
  const rest: MessageChannel = {
    send: (text) => channel.send(text),
    close: (reason) => channel.close(reason),
    gone: channel.gone,
    [Symbol.asyncIterator]: () => texts,
  };
  const peer = new JsonRpcPeer(rest, { ...options, dispatcher, caller: session });
  session.attach({
    call: (method, params, call) => peer.call(method, params, call),
    notify: (method, params) => peer.notify(method, params),
    forward: (text) => post(channel, text),
    close: (reason) => endAndClose(connection, reason),
  });
  entrance.sessions.add(session);
  return peer.run();
}

function lastWords(reason: SallyportError): string {
  const { code, message } = reason;
  return code === 'ERR_CLOSING' ? requestText(undefined, closingMethod, { message }) : errorText(null, refused(reason));
}

function post(channel: MessageChannel, text: string): void {
  void channel.send(text)?.catch(() => {});
}
