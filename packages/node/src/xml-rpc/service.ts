// A request by XML-RPC, from its bytes to the text of its answer: read in turns, called like any other.

import { setImmediate } from 'node:timers/promises';
import type { AnswerTexts, Caller, Dispatcher } from '@sallyport/core/jsonrpc';
import { DocumentReader } from './document-reader.js';
import { faultXml, responseXml } from './documents.js';
import type { MethodCall } from './elements.js';
import { notXml } from './fault.js';
import { paramsOf } from './params.js';
import { SystemMethods, type SystemMethodsOptions } from './system-methods.js';

/** How much is read before others have their turn: some milliseconds. */
const PIECE = 64 * 1024;

const JSON_BEGINNING = /^[ \t\r\n]*[[{]/;

export class XmlRpcService {
  private readonly methods: SystemMethods;
  private readonly texts: AnswerTexts;
  private readonly depth: number;

  constructor(dispatcher: Dispatcher, options: SystemMethodsOptions) {
    const { depth, nothing } = options;
    this.depth = depth;
    this.methods = new SystemMethods(dispatcher, options);
    this.texts = {
      result: (_, result) => responseXml(result ?? nothing, depth),
      error: (_, thrown) => faultXml(thrown),
    };
  }

  /** Reads a request. Rejects with the RpcError that answers a wrong one, or with the reason why nobody waits any more. */
  async read(document: Uint8Array, gone: AbortSignal): Promise<MethodCall> {
    if (isJson(document)) throw notXml('this is JSON; JSON-RPC is at /rpc, as application/json');
    const reader = new DocumentReader('methodCall', this.depth);
    for (let at = 0; at < document.length; at += PIECE) {
      if (at > 0) await setImmediate();
      gone.throwIfAborted();
      reader.write(document.subarray(at, at + PIECE));
    }
    return reader.end() as MethodCall;
  }

  /** Makes a call; the text of its answer. */
  answer({ method, params }: MethodCall, caller: Caller): string | Promise<string> {
    return this.methods.call(method, paramsOf(params), caller, this.texts);
  }
}

/** Under the content type of XML, as it may be posted by mistake. */
function isJson(document: Uint8Array): boolean {
  return JSON_BEGINNING.test(Buffer.from(document.subarray(0, 100)).toString('latin1'));
}
