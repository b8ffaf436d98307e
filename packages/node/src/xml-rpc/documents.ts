// Whole documents: calls and answers as texts.

import { faultOf } from './fault.js';
import { textXml, valueXml } from './value-writer.js';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A call. Throws as {@link valueXml} does. */
export function callXml(method: string, params: readonly unknown[], depth: number): string {
  const given = params.map((param) => `<param>${valueXml(param, depth)}</param>`).join('');
  return `${DECLARATION}<methodCall><methodName>${textXml(method)}</methodName><params>${given}</params></methodCall>\n`;
}

/** An answer, which always has a value: of nothing it is nil. Throws as {@link valueXml} does. */
export function responseXml(result: unknown, depth: number): string {
  const value = valueXml(result, depth);
  return `${DECLARATION}<methodResponse><params><param>${value}</param></params></methodResponse>\n`;
}

/** The answer that tells of what was thrown, as far as it is to be told. */
export function faultXml(thrown: unknown): string {
  const fault = valueXml(faultOf(thrown), 1);
  return `${DECLARATION}<methodResponse><fault>${fault}</fault></methodResponse>\n`;
}
