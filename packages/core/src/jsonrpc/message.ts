// JSON-RPC 2.0: the shapes of its messages, what is valid, and the texts of answers. https://www.jsonrpc.org/specification

import { RpcError } from '../errors.js';
import { defaultLimits } from '../limits.js';
import { type Body, bodyText } from '../text.js';
import { isDeeper, isLonger } from './depth.js';

/** An id as the specification allows it (section 4); null only in answers to what could not be read. */
export type Id = string | number | null;

export interface Request {
  id: Id | undefined;
  method: string;
  params: unknown;
}

export interface Response {
  id: Id;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/** The specification's codes (section 5.1), and those that language servers have made common. */
export enum ErrorCode {
  parseError = -32700,
  invalidRequest = -32600,
  methodNotFound = -32601,
  invalidParams = -32602,
  internalError = -32603,
  /** Too much asked of this server at once, or a limit was crossed. */
  overloaded = -32000,
  /** The caller may not call this. */
  forbidden = -32001,
  /** The call's time was over before its answer was ready. */
  expired = -32002,
  /** The caller cancelled the call. */
  cancelled = -32800,
}

/** Cancels a call: a notification with `{ id }`. */
export const cancelMethod = '$/cancelRequest';
/** Tells how far a call has come: a notification with `{ token, value }`; the token is the call's id. */
export const progressMethod = '$/progress';
/** Tells a subscriber that events are gone: a notification with `{ after, missed }`. */
export const gapMethod = '$/gap';

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a text that is at most `depth` arrays and objects deep, and no batch of more than `batch` members; throws the
 * RpcError -32700 or -32600 that answers it.
 */
export function parseJson(text: string, depth = defaultLimits.jsonDepth, batch = Infinity): unknown {
  if (isDeeper(text, depth)) {
    const what = `more than ${depth} arrays and objects within each other (limits.jsonDepth)`;
    throw new RpcError(ErrorCode.parseError, `Parse error: ${what}`);
  }
  if (isLonger(text, batch))
    throw new RpcError(ErrorCode.invalidRequest, `more than ${batch} members in a batch (limits.batch)`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RpcError(ErrorCode.parseError, 'Parse error');
  }
}

/** The JSON that a message's body holds, as {@link parseJson} has it. */
export function messageOf({ body }: { body: Body }, depth?: number, batch?: number): unknown {
  let text: string;
  try {
    text = bodyText(body);
  } catch {
    throw new RpcError(ErrorCode.parseError, 'Parse error: not UTF-8');
  }
  return parseJson(text, depth, batch);
}

/** As {@link messageOf}; undefined if it is none, or too deep. */
export function jsonOf(message: { body: Body }, depth?: number): unknown {
  try {
    return messageOf(message, depth);
  } catch {
    return undefined;
  }
}

/** Whether a message answers rather than asks. */
export function isResponse(message: unknown): message is Response {
  return isObject(message) && message['method'] === undefined && ('result' in message || 'error' in message);
}

/** An id we can give back as it was: integers beyond 2^53 have lost digits by the time they are parsed. */
function isId(id: unknown): id is Id {
  return typeof id === 'string' || id === null || (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER);
}

/** The id to answer an invalid message with: its own if that can be told, else null (section 5). */
export function idOf(message: unknown): Id {
  return isObject(message) && isId(message['id']) ? message['id'] : null;
}

/** Reads a request or notification; throws the RpcError -32600 that answers anything else. */
export function readRequest(message: unknown): Request {
  if (!isObject(message)) throw invalid('a request is an object');
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== '2.0') throw invalid('jsonrpc must be "2.0"');
  if (typeof method !== 'string') throw invalid('method must be a string');
  if (params !== undefined && (typeof params !== 'object' || params === null))
    throw invalid('params must be an array or an object');
  if (id !== undefined && !isId(id)) throw invalid('id must be a string, null or a number of at most 53 bits');
  return { id, method, params };
}

function invalid(why: string): RpcError {
  return new RpcError(ErrorCode.invalidRequest, 'Invalid Request', why);
}

/** The text of a request; of a notification if the id is undefined. Throws a TypeError if params are not JSON. */
export function requestText(id: Id | undefined, method: string, params: unknown): string {
  const json = params === undefined ? undefined : JSON.stringify(params);
  const head = id === undefined ? '{"jsonrpc":"2.0"' : '{"jsonrpc":"2.0","id":' + idText(id);
  return head + ',"method":' + JSON.stringify(method) + (json === undefined ? '}' : ',"params":' + json + '}');
}

/** The text of an answer. A result of undefined is null: a call always gets one. */
export function resultText(id: Id, result: unknown): string {
  return '{"jsonrpc":"2.0","id":' + idText(id) + ',"result":' + (JSON.stringify(result) ?? 'null') + '}';
}

/** Most ids are numbers, and those need no look. */
function idText(id: Id): string | number {
  return typeof id === 'number' ? id : JSON.stringify(id);
}

/** What the caller is told of what was thrown: an RpcError as it is; anything else might be a secret. */
export function toldError(thrown: unknown): RpcError {
  // Section 5.1: the code is an integer.
  const isTold = thrown instanceof RpcError && Number.isInteger(thrown.code);
  return isTold ? thrown : new RpcError(ErrorCode.internalError, 'Internal error');
}

/** The text of an error, as {@link toldError} has it. */
export function errorText(id: Id, thrown: unknown): string {
  const { code, message, data } = toldError(thrown);
  try {
    return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } });
  } catch {
    return errorText(id, new RpcError(ErrorCode.internalError, 'Internal error', 'the data of the error is not JSON'));
  }
}

/** The error that an answer stands for; of one that is not as specified, all of it is the data. */
export function responseError(error: NonNullable<Response['error']>, method = ''): RpcError {
  const { code, message, data } = error;
  // The specification has one text for all of them.
  const isVague = code === ErrorCode.methodNotFound && !String(message).includes(method);
  if (Number.isInteger(code)) return new RpcError(code, `${message}${isVague ? `: ${method}` : ''}`, data);
  return new RpcError(ErrorCode.internalError, 'an error that is not as specified', error);
}
