// The types of XML-RPC that hold a text, and what they are here. http://xmlrpc.com/spec.md

import { notXmlRpc } from './fault.js';

/** Reads the text of a type; throws the RpcError -32600 that answers one which is not as specified. */
export type ReadScalar = (text: string) => unknown;

const INT = /^[+-]?\d+$/;
/** The specification has no exponents, but Python's and Perl's libraries write them. */
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** The specification's only form, and ISO 8601's others. It has no zones: they are taken where they are given. */
const DATE = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** How much of a wrong text is told again. */
const TOLD = 40;

/** Of all types of integers: in <int> there should be 32 bits, but Ruby's and Perl's libraries write any number of them. */
export function readInteger(text: string): number {
  if (!INT.test(text)) throw notXmlRpc(`an integer is digits behind an optional sign, not ${told(text)}`);
  // Not -0, which no integer is.
  const value = Number(text) + 0;
  // It would come out as another number.
  if (!Number.isSafeInteger(value)) throw notXmlRpc(`an integer is read up to 53 bits, and ${told(text)} has more`);
  return value;
}

export function readDouble(text: string): number {
  const value = DOUBLE.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw notXmlRpc(`<double> is a finite decimal number, not ${told(text)}`);
  return value;
}

export function readBoolean(text: string): boolean {
  if (text !== '0' && text !== '1') throw notXmlRpc(`<boolean> is 0 or 1, not ${told(text)}`);
  return text === '1';
}

/** Without a zone it is UTC: the specification leaves that to the server. */
export function readDate(text: string): Date {
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = DATE.exec(text) ?? [];
  const utc = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const whole = new Date(`${utc}Z`);
  // There is no 30 February, which Date takes for 2 March, and no 24:00:00.
  const isDate = !Number.isNaN(whole.getTime()) && whole.toISOString().startsWith(utc);
  const date = new Date(`${utc}${fraction.slice(0, 4)}${zone.replace(/(\d\d):?(\d\d)$/, '$1:$2')}`);
  // By its zone it can be of the year before the first or behind the last, which nobody could write again.
  const inUtc = date.getUTCFullYear();
  if (isDate && inUtc >= 0 && inUtc <= 9999) return date;
  throw notXmlRpc(`<dateTime.iso8601> is like 19980717T14:08:55, not ${told(text)}`);
}

export function readBase64(text: string): Uint8Array {
  const dense = text.replace(/[ \t\r\n]+/g, '');
  if (dense.length % 4 !== 0 || !BASE64.test(dense)) throw notXmlRpc('<base64> is not base64 (RFC 4648, section 4)');
  // Node's small buffers are parts of a large one; whoever keeps this one shall keep nothing else.
  return new Uint8Array(Buffer.from(dense, 'base64'));
}

export function readNil(text: string): null {
  if (text !== '') throw notXmlRpc('<nil/> is empty');
  return null;
}

/** A number that is no integer, or one beyond 53 bits: digits and a point, as exponents are not specified. */
export function doubleText(value: number): string {
  const [mantissa = '', exponent] = String(value).split('e');
  if (exponent === undefined) return mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  const [, sign = '', head = '', tail = ''] = /^(-?)(\d)\.?(\d*)$/.exec(mantissa)!;
  const digits = head + tail;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}.0`;
}

/** In UTC and without a zone, as specified; milliseconds have no place. */
export function dateText(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll('-', '');
}

function told(text: string): string {
  const start = text.length > TOLD ? `${text.slice(0, TOLD)}…` : text;
  return JSON.stringify(start);
}
