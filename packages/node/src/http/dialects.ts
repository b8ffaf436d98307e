// What JSON-RPC and XML-RPC differ in as far as HTTP is concerned.

import type { IncomingHttpHeaders } from 'node:http';
import { decodeText, RpcError } from '@sallyport/core';
import { ErrorCode, errorText } from '@sallyport/core/jsonrpc';
import type { ServerLimits } from '../limits.js';
import { faultXml } from '../xml-rpc/documents.js';

export interface Dialect<Body> {
  /** The content-type of requests, as it is told. */
  readonly types: string;
  /** The content-type of answers. */
  readonly answers: string;
  /** What bounds the body. */
  readonly limit: keyof ServerLimits;
  /** Whether requests have the right type. */
  isSpoken(headers: IncomingHttpHeaders): boolean;
  /** The body as its protocol takes it; undefined if it is not UTF-8. */
  read(body: Uint8Array): Body | undefined;
  /** What answers a request that there is no room for, of whose body nothing is known. */
  overloaded(why: string): string;
}

export const jsonRpc: Dialect<string> = {
  types: 'application/json',
  answers: 'application/json',
  limit: 'body',
  isSpoken: isOneOf(/^application\/json$/i),
  read: (body) => {
    try {
      return decodeText(body);
    } catch {
      return undefined;
    }
  },
  overloaded: (why) => errorText(null, new RpcError(ErrorCode.overloaded, why)),
};

/** XML tells its encoding by itself, and XML-RPC has a fault for a wrong one. */
export const xmlRpc: Dialect<Uint8Array> = {
  types: 'text/xml or application/xml',
  answers: 'text/xml; charset=utf-8',
  limit: 'xmlBody',
  isSpoken: isOneOf(/^(text|application)\/xml$/i),
  read: (body) => body,
  overloaded: (why) => faultXml(new RpcError(ErrorCode.overloaded, why)),
};

/** A form can send any other type from any page without asking first. */
function isOneOf(types: RegExp): Dialect<unknown>['isSpoken'] {
  return ({ 'content-type': type = '', 'content-encoding': encoding }) => {
    const [, name = ''] = /^([^\s;]+)\s*(?:;\s*(?:charset="?utf-8"?\s*)?)*$/i.exec(type) ?? [];
    return encoding === undefined && types.test(name);
  };
}
