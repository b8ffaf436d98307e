// Faults: what an error is to a client of XML-RPC, and what a fault is here. The codes are those of JSON-RPC, which took
// them from "Specification for Fault Code Interoperability" (version 20010516), and those that only that one has.

import { RpcError } from '@sallyport/core';
import { ErrorCode, toldError } from '@sallyport/core/jsonrpc';

/** What the interoperability specification has beside JSON-RPC's codes. */
export const FaultCode = { unsupportedEncoding: -32701, invalidEncoding: -32702, applicationError: -32500 } as const;

/** What is wrong with a document that is XML, but not XML-RPC. */
export function notXmlRpc(why: string): RpcError {
  return new RpcError(ErrorCode.invalidRequest, 'Invalid Request', why);
}

/** What is wrong with bytes that are no XML that is read here. */
export function notXml(why: string, code: number = ErrorCode.parseError): RpcError {
  return new RpcError(code, 'Parse error', why);
}

/** The struct that a fault is. */
export interface Fault {
  faultCode: number;
  faultString: string;
}

/**
 * The fault that tells of what was thrown, as far as it is to be told. It has no place for `data`: a text is put behind
 * the message, anything else left out.
 */
export function faultOf(thrown: unknown): Fault {
  const { code, message, data } = toldError(thrown);
  const isInt = code === (code | 0);
  const faultString = typeof data === 'string' ? `${message}: ${data}` : message;
  // Whatever is wrong, it must be possible to say so.
  return { faultCode: isInt ? code : FaultCode.applicationError, faultString: faultString.replace(NO_XML, '\ufffd') };
}

/** The error that a fault tells of. */
export function errorOf(fault: unknown): RpcError {
  const { faultCode, faultString } = (fault ?? {}) as Record<string, unknown>;
  if (typeof faultCode === 'number' && Number.isInteger(faultCode) && typeof faultString === 'string')
    return new RpcError(faultCode, faultString);
  throw notXmlRpc('a <fault> is a struct of faultCode, an int, and faultString, a string');
}

/** What is no character of XML (XML 1.0, section 2.2): most controls, halves of surrogate pairs, U+FFFE and U+FFFF. */
export const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
