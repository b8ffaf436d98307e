// JSON texts over a stream of bytes: one a line.

import type { ByteStream, MessageChannel } from '../channel.js';
import { LimitError, ProtocolError } from '../errors.js';
import { defaultLimits, type Limits } from '../limits.js';
import { concatBytes, decodeText } from '../text.js';
import type { Unfinished } from '../unfinished.js';

const LF = 0x0a;

export interface LineOptions extends Partial<Pick<Limits, 'body'>> {
  /** Counts what has come of a line; stopped with the stream. */
  unfinished?: Unfinished | undefined;
}

/**
 * Reads lines as messages, and ends each message sent with a line feed. Empty lines are nothing. The options are looked at
 * anew for each line.
 */
export function lineChannel(stream: ByteStream, options: LineOptions = {}): MessageChannel {
  return {
    send: (text) => stream.send(text + '\n'),
    close: (reason) => stream.close(reason),
    gone: stream.gone,
    [Symbol.asyncIterator]: () => readLines(stream, options),
  };
}

async function* readLines(stream: ByteStream, options: LineOptions): AsyncGenerator<string, undefined> {
  const most = (): number => options.body ?? defaultLimits.body;
  let held: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      let from = 0;
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
        const line = decodeLine(held, length, chunk.subarray(from, end), most());
        if (length > 0) options.unfinished?.done();
        held = [];
        length = 0;
        from = end + 1;
        if (line !== '') yield line;
      }
      if (from === chunk.length) continue;
      held.push(new Uint8Array(chunk.subarray(from)));
      length += chunk.length - from;
      if (length > most()) throw tooLong(most());
      options.unfinished?.hold(length);
      // Many small pieces would cost more than their bytes.
      if (held.length > 64 + length / 256) held = [concatBytes(held, length)];
    }
    // A client that says one thing and half-closes often leaves out the last line feed.
    const last = decodeLine([], 0, concatBytes(held, length), most());
    options.unfinished?.done();
    if (last !== '') yield last;
  } finally {
    options.unfinished?.stop();
  }
}

function decodeLine(held: readonly Uint8Array[], length: number, rest: Uint8Array, longest: number): string {
  if (length + rest.length > longest) throw tooLong(longest);
  try {
    return trimmed(decodeText(held.length === 0 ? rest : concatBytes([...held, rest], length + rest.length)));
  } catch (cause) {
    throw new ProtocolError('ERR_UTF8', 'a line is not UTF-8', { cause });
  }
}

/** Without what JSON takes for white space around it (RFC 8259, section 2), such as the CR of a CR LF; else nothing is. */
function trimmed(line: string): string {
  let [start, end] = [0, line.length];
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0d;
}

function tooLong(longest: number): LimitError {
  return new LimitError('ERR_BODY', `a line is longer than ${longest} bytes (limits.body)`, 'body');
}
