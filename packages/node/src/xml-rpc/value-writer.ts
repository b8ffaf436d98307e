// Values to XML-RPC. What JSON leaves out is left out, what it makes null is nil; what XML-RPC cannot carry is an error.

import { RpcError } from '@sallyport/core';
import { ErrorCode } from '@sallyport/core/jsonrpc';
import { NO_XML } from './fault.js';
import { dateText, doubleText } from './scalars.js';

/** A value that has been written already. */
export class Written {
  constructor(readonly xml: string) {}
}

/**
 * The element <value> of a value that is at most `depth` arrays and structs deep (limits.xmlDepth). Throws the RpcError
 * -32603 that says what cannot be carried.
 */
export function valueXml(value: unknown, depth: number): string {
  return `<value>${contentXml(value, depth, depth)}</value>`;
}

function contentXml(value: unknown, left: number, depth: number): string {
  switch (typeof value) {
    case 'string':
      return `<string>${textXml(value)}</string>`;
    case 'number':
      return numberXml(value);
    case 'boolean':
      return `<boolean>${Number(value)}</boolean>`;
    case 'bigint':
      throw cannot('a bigint');
    case 'object':
      return value === null ? '<nil/>' : objectXml(value, left, depth);
    default:
      return '<nil/>';
  }
}

function numberXml(value: number): string {
  if (!Number.isFinite(value)) throw cannot(`the number ${value}`);
  // By ===, -0 is 0.
  if (value === (value | 0)) return `<int>${value | 0}</int>`;
  return Number.isSafeInteger(value) ? `<i8>${value}</i8>` : `<double>${doubleText(value)}</double>`;
}

function objectXml(value: object, left: number, depth: number): string {
  if (value instanceof Written) return value.xml;
  if (value instanceof Date) return dateXml(value);
  if (value instanceof Uint8Array) return bytesXml(value);
  if (left === 0) throw cannot(`more than ${depth} arrays and structs within each other (limits.xmlDepth)`);
  const { toJSON } = value as { toJSON?: unknown };
  // As JSON has it; what it returns is no nearer to the end, so it counts.
  if (typeof toJSON === 'function') return contentXml(toJSON.call(value, ''), left - 1, depth);
  const inner = (child: unknown): string => `<value>${contentXml(child, left - 1, depth)}</value>`;
  if (Array.isArray(value)) return arrayXml(Array.from(value, inner).join(''));
  let members = '';
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol') continue;
    members += `<member><name>${textXml(name)}</name>${inner(member)}</member>`;
  }
  return `<struct>${members}</struct>`;
}

/** The element <array> of values that have been written already. */
export function arrayXml(values: string): string {
  return `<array><data>${values}</data></array>`;
}

function dateXml(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw cannot('a Date that is invalid, or not of the years 0 to 9999');
  return `<dateTime.iso8601>${dateText(date)}</dateTime.iso8601>`;
}

function bytesXml(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  return `<base64>${base64}</base64>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // For its sake in ]]> (XML 1.0, section 2.4).
  '>': '&gt;',
  // As it is, it would be read as a line feed (section 2.11).
  '\r': '&#13;',
};

export function textXml(text: string): string {
  const at = text.search(NO_XML);
  if (at !== -1)
    throw cannot(`the character ${nameOf(text.codePointAt(at)!)}, which XML does not have (XML 1.0, section 2.2)`);
  return text.replace(/[&<>\r]/g, (character) => escapes[character]!);
}

function nameOf(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

function cannot(what: string): RpcError {
  return new RpcError(ErrorCode.internalError, 'Internal error', `XML-RPC cannot carry ${what}`);
}
