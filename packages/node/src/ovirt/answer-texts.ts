// Answers as vdsm words them: a method that returns nothing has the result true, errors have a code and a message alone.

import { RpcError } from '@sallyport/core';
import { type AnswerTexts, ErrorCode, errorText, type Id, resultText, toldError } from '@sallyport/core/jsonrpc';

/** vdsm's own code for having too much to do. */
const NOT_ENOUGH_RESOURCES = 1100;

/** What comes before the details, by code. */
const messages: Readonly<Record<number, string>> = {
  [ErrorCode.parseError]: 'Invalid JSON-RPC: parse error',
  [ErrorCode.invalidRequest]: 'Invalid JSON-RPC request',
  [ErrorCode.methodNotFound]: 'The method does not exist or is not available',
  [ErrorCode.internalError]: 'Internal JSON-RPC error',
};

export const answerTexts: AnswerTexts = {
  result: (id, result) => resultText(id, result ?? true),
  error: (id: Id, thrown: unknown) => errorText(id, worded(thrown)),
};

/** Clients look at the code, which must be an integer, and print the message; there is no data. */
function worded(thrown: unknown): RpcError {
  const { code, message, data } = toldError(thrown);
  if (code === ErrorCode.overloaded)
    return new RpcError(NOT_ENOUGH_RESOURCES, `Not enough resources: ${details({ reason: message })}`);
  const known = messages[code];
  if (known === undefined) return new RpcError(code, message);
  if (code === ErrorCode.methodNotFound) return new RpcError(code, `${known}: ${details({ method: String(data) })}`);
  const reason = typeof data === 'string' ? `${message}: ${data}` : message;
  return new RpcError(code, `${known}: ${details({ reason })}`);
}

/** As Python prints a dictionary. */
function details(pairs: Record<string, string>): string {
  const members = Object.entries(pairs).map(([name, value]) => `${printed(name)}: ${printed(value)}`);
  return `{${members.join(', ')}}`;
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** As Python prints a text: in double quotes if it has single ones alone; what cannot be printed as an escape. */
function printed(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    if (code > 0xffff) return `\\U${hex(code, 8)}`;
    return escapes[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
  });
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/** Backslashes, and what Python's str.isprintable() is false for: categories Other and Separator, but for the space. */
const UNPRINTABLE = /\\|(?! )[\p{C}\p{Z}]/gu;

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** An answer in parts: what belongs to the request's `reply-to`, and what has no id, which nobody can tell whose it is. */
export function splitAnswer(text: string): { reply: string | undefined; idless: string[] } {
  if (!text.startsWith('[')) {
    const isIdless = text.startsWith('{"jsonrpc":"2.0","id":null,');
    return isIdless ? { reply: undefined, idless: [text] } : { reply: text, idless: [] };
  }
  const all = JSON.parse(text) as { id: Id }[];
  const replies = all.filter(({ id }) => id !== null);
  const idless = all.filter(({ id }) => id === null).map((one) => JSON.stringify(one));
  return { reply: replies.length === 0 ? undefined : JSON.stringify(replies), idless };
}
