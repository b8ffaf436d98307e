// Documents as tests write them, and what is read of them.

import { RpcError } from '@sallyport/core';
import { readCall } from '../../src/xml-rpc/document-reader.js';

export const DEPTH = 64;

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** A call with one param: what stands in its <value>. */
export function callOf(content: string): string {
  return `<methodCall><methodName>m</methodName><params><param><value>${content}</value></param></params></methodCall>`;
}

/** What a <value> with this in it is. */
export function valueOf(content: string): unknown {
  return readCall(bytes(callOf(content)), DEPTH).params[0];
}

/** The fault that reading ends with, as `code message: data`. */
export function faultOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return `${error.code} ${error.message}: ${String(error.data)}`;
  }
  throw new Error('it was read');
}
