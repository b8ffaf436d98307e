// system.multicall: several calls in one. They are made one behind the other, as scripts rely on their order; all of them
// together are one of the calls that a connection may have at work.

import { RpcError } from '@sallyport/core';
import { type AnswerTexts, type Call, type Caller, ErrorCode } from '@sallyport/core/jsonrpc';
import { faultOf } from './fault.js';
import { paramsOf } from './params.js';
import { arrayXml, valueXml, Written } from './value-writer.js';

export const multicallMethod = 'system.multicall';

export interface MulticallOptions {
  /** Those that can be called. */
  methods: {
    call(method: string, params: unknown, caller: Caller, texts: AnswerTexts): string | Promise<string>;
    /** Nobody waits for what this caller has asked for. */
    leave(caller: Caller, reason: Error): void;
  };
  /** The most calls (limits.batch). */
  batch: number;
  /** Arrays and structs within each other (limits.xmlDepth). */
  depth: number;
  /** The result of a method that has none. Default nil. */
  nothing?: unknown;
}

/** Characters of the answers together; a string has an end not far behind. As that of a batch in JSON-RPC. */
const LONGEST = 64 * 1024 * 1024;

/** An array of answers: of each call an array that has just its result, which tells it from a fault's struct. */
export async function multicall(
  calls: unknown,
  { principal, session, signal }: Call,
  { methods, batch, depth, nothing }: MulticallOptions,
): Promise<Written> {
  if (!Array.isArray(calls)) throw new RpcError(ErrorCode.invalidParams, 'Invalid params', 'an array of calls');
  if (calls.length > batch)
    throw new RpcError(ErrorCode.invalidRequest, `more than ${batch} calls in a multicall (limits.batch)`);
  const caller: Caller = { principal, session, running: new Map() };
  signal.addEventListener('abort', () => methods.leave(caller, signal.reason as Error));
  const texts: AnswerTexts = {
    result: (_, result) => `<value>${arrayXml(valueXml(result ?? nothing, depth))}</value>`,
    error: (_, thrown) => valueXml(faultOf(thrown), 1),
  };
  const answers: string[] = [];
  let room = LONGEST;
  for (const each of calls as unknown[]) {
    signal.throwIfAborted();
    const answer = await answerOne(each, caller, methods, texts);
    room -= answer.length;
    answers.push(room < 0 ? texts.error(null, tooLong()) : answer);
  }
  return new Written(arrayXml(answers.join('')));
}

function answerOne(
  call: unknown,
  caller: Caller,
  methods: MulticallOptions['methods'],
  texts: AnswerTexts,
): string | Promise<string> {
  const { methodName, params } = (call ?? {}) as Record<string, unknown>;
  if (typeof methodName !== 'string' || !Array.isArray(params))
    return texts.error(null, refused('a call is a struct of methodName, a string, and params, an array'));
  // Its answer could be longer than any request.
  if (methodName === multicallMethod) return texts.error(null, refused(`${multicallMethod} within itself`));
  return methods.call(methodName, paramsOf(params as unknown[]), caller, texts);
}

function refused(why: string): RpcError {
  return new RpcError(ErrorCode.invalidRequest, 'Invalid Request', why);
}

function tooLong(): RpcError {
  const text = `the answers to this multicall are longer than ${LONGEST} characters together; make fewer calls at once`;
  return new RpcError(ErrorCode.overloaded, text);
}
