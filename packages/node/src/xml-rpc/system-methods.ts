// The methods about methods, which XML-RPC servers are expected to have: system.listMethods, system.methodHelp,
// system.methodSignature, and system.multicall. Like any other they are called only by whoever may call them.

import { RpcError } from '@sallyport/core';
import { type AnswerTexts, type Caller, type Dispatcher, ErrorCode, type Handler } from '@sallyport/core/jsonrpc';
import { multicall, multicallMethod, type MulticallOptions } from './multicall.js';

export type SystemMethodsOptions = Omit<MulticallOptions, 'methods'>;

interface SystemMethod {
  help: string;
  /** The type of the result, then those of the params. */
  signature: readonly string[];
  run: Handler<unknown>;
}

/** A server's methods, with those about methods. Of two that have the same name the server's own is called. */
export class SystemMethods {
  private readonly methods: ReadonlyMap<string, SystemMethod>;

  constructor(
    private readonly dispatcher: Dispatcher,
    options: SystemMethodsOptions,
  ) {
    const methods: Record<string, SystemMethod> = {
      'system.listMethods': {
        help: 'The names of all methods.',
        signature: ['array'],
        run: () => [...new Set([...dispatcher.methods.names, ...this.methods.keys()])].sort(),
      },
      'system.methodHelp': {
        help: 'What there is to know of a method; empty if nobody has written it down.',
        signature: ['string', 'string'],
        run: (name) => this.find(name)?.help ?? '',
      },
      'system.methodSignature': {
        help: 'An array of the types that a method has: of its result, then of its params; or undef if they are not known.',
        signature: ['array', 'string'],
        run: (name) => {
          const found = this.find(name);
          return found === undefined ? 'undef' : [found.signature];
        },
      },
      [multicallMethod]: {
        help: 'Makes calls {methodName, params}, one behind the other. Each is answered by [result] or by a fault.',
        signature: ['array', 'array'],
        run: (calls, call) => multicall(calls, call, { methods: this, ...options }),
      },
    };
    this.methods = new Map(Object.entries(methods));
  }

  call(method: string, params: unknown, caller: Caller, texts: AnswerTexts): string | Promise<string> {
    const handler = this.dispatcher.methods.get(method) ?? this.methods.get(method)?.run;
    return this.dispatcher.call(method, params, caller, texts, handler);
  }

  /** Nobody waits for what this caller has asked for. */
  leave(caller: Caller, reason: Error): void {
    this.dispatcher.leave(caller, reason);
  }

  /** One of these; undefined if it is one of the server's own, of which nothing is known but the name. */
  private find(name: unknown): SystemMethod | undefined {
    if (typeof name !== 'string') throw new RpcError(ErrorCode.invalidParams, 'Invalid params', 'the name of a method');
    const found = this.dispatcher.methods.get(name) ?? this.methods.get(name);
    if (found === undefined) throw new RpcError(ErrorCode.methodNotFound, 'Method not found', name);
    return typeof found === 'function' ? undefined : found;
  }
}
