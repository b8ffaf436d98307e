// A login by the first message of bare JSON-RPC, which has nothing else to say who it is: the request rpc.authenticate,
// until it succeeds. Whoever says anything else is a stranger.

import { RpcError, TimeoutError } from '@sallyport/core';
import { ErrorCode, errorText, parseJson, readRequest, type Request, resultText } from '@sallyport/core/jsonrpc';
import { type Given, Refusal } from './access.js';
import type { Login } from './login.js';

/** The one method that can be called without being known. */
export const loginMethod = 'rpc.authenticate';

export interface FirstWords {
  texts: AsyncIterator<string, unknown>;
  send(text: string): void;
  /** Lets somebody in; rejects with {@link Refusal}. */
  admit(given: Given): Promise<Login>;
}

/**
 * Reads until somebody has been let in; resolves with nothing if they leave. Throws, having answered, for a stranger and
 * after the last attempt.
 */
export async function readLogin({ texts, send, admit }: FirstWords): Promise<Login | undefined> {
  for (;;) {
    let request: Request | undefined;
    try {
      const next = await texts.next();
      if (next.done === true) return undefined;
      request = requestIn(next.value);
      // What is wrong with it is not said to strangers.
      if (request === undefined) throw new Refusal(true);
      const login = await admit(readGiven(request.params));
      send(resultText(request.id!, termsOf(login)));
      return login;
    } catch (error) {
      send(errorText(request?.id ?? null, answerTo(error)));
      if (!(error instanceof Refusal) || error.isLast) throw error;
    }
  }
}

/** The params of `rpc.authenticate`; throws the RpcError that answers wrong ones. */
export function readGiven(params: unknown): Given {
  const { token, login, passcode } = (params ?? {}) as Record<string, unknown>;
  const isWhole = token !== undefined || (login !== undefined && passcode !== undefined);
  const areTexts = [token, login, passcode].every((one) => one === undefined || typeof one === 'string');
  if (isWhole && areTexts) return { token, login, passcode } as Given;
  throw new RpcError(ErrorCode.invalidParams, 'Invalid params', 'either token, or login and passcode, as strings');
}

/** What whoever was let in is told. */
export function termsOf({ expires }: Login): { expires?: number } {
  return expires === undefined ? {} : { expires };
}

/** The answer to a refused login. */
export function refused({ message }: Error): RpcError {
  return new RpcError(ErrorCode.forbidden, message);
}

function answerTo(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  // A line that is too long, or no UTF-8, is no login either.
  return refused(error instanceof TimeoutError ? error : new Refusal(true));
}

function requestIn(text: string): Request | undefined {
  try {
    const request = readRequest(parseJson(text));
    return request.method === loginMethod && request.id !== undefined && request.id !== null ? request : undefined;
  } catch {
    return undefined;
  }
}
