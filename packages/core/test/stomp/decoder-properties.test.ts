import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LimitError, ProtocolError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { bodyBytes, concatBytes } from '../../src/text.js';
import {
  clientCommands,
  Decoder,
  encodeFrame,
  Frame,
  mayHaveBody,
  type Version,
  withoutPadding,
} from '../../src/stomp/index.js';
import { decode, octets, plain, toBytes } from './feeding.js';

const version = fc.constantFrom<Version>('1.0', '1.1', '1.2');
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\\', ':', '\n', '\r', 'n', 'c', 'r', ' ', 'a', 'é'), maxLength: 12 }),
);
const body = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.uint8Array({ maxLength: 300 }),
);

const frame = fc
  .record({
    command: fc.constantFrom(...clientCommands),
    headers: fc.array(fc.tuple(text, text), { maxLength: 6 }),
    body,
  })
  .map(({ command, headers, body: content }) => {
    const pairs = headers.filter(([name]) => name !== '' && name !== 'content-length').flat();
    return new Frame(command, new HeaderList(pairs), mayHaveBody(command) ? content : '');
  });

/** What a version cannot carry is left out: 1.0 and 1.1 no CR, 1.0 no LF and no colon in names; NUL nowhere. */
function carried(pairs: readonly string[], command: string, spoken: Version): string[] {
  const unescaped = ['CONNECT', 'STOMP', 'CONNECTED'].includes(command) || spoken === '1.0';
  const kept: string[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const [name, value] = [pairs[at]!, pairs[at + 1]!];
    const both = name + value;
    if (both.includes('\0') || (unescaped && (both.includes('\n') || name.includes(':')))) continue;
    if ((unescaped || spoken === '1.1') && both.includes('\r')) continue;
    kept.push(name, spoken === '1.0' ? withoutPadding(value) : value);
  }
  return kept;
}

/** Cuts at places given as shares of the length. */
function cutAt(wire: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const points = [...new Set([0, ...shares.map((share) => Math.floor(share * wire.length)), wire.length])].sort(
    (a, b) => a - b,
  );
  return points.slice(1).map((point, index) => wire.subarray(points[index], point));
}

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

describe('Decoder, for all inputs', () => {
  it('reads what the encoder writes, at any split', () => {
    fc.assert(
      fc.property(version, fc.array(frame, { minLength: 1, maxLength: 5 }), shares, (spoken, frames, splits) => {
        const parts = frames.map((one) => toBytes(encodeFrame(one, spoken)));
        const wire = concatBytes(
          parts,
          parts.reduce((sum, part) => sum + part.length, 0),
        );
        const read = decode(cutAt(wire, splits), { from: 'client', version: spoken });
        const expected = frames.map((one) => ({
          command: one.command,
          headers: carried(one.headers.pairs, one.command, spoken),
          body: octets(bodyBytes(one.body)),
        }));
        const withoutLength = read.map((one) => ({
          ...one,
          headers: one.headers.filter((_, at) => one.headers[at - (at % 2)] !== 'content-length'),
        }));
        expect(withoutLength).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  const limits = { headerLine: 64, headerCount: 4, frameHead: 128, body: 256, leadingEols: 4 };
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc
      .array(
        fc.constantFrom(
          'SEND',
          'CONNECT',
          'SUBSCRIBE',
          'STOMP',
          '\n',
          '\n\n',
          '\r\n',
          '\r',
          '\0',
          ':',
          'a:b\n',
          'é:ü\n',
          '\\',
          '\\c',
          'content-length:',
          '3',
          '300',
          'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
        ),
        { maxLength: 40 },
      )
      .map((words) => toBytes(words.join(''))),
  );

  it('makes frames of any bytes or throws a ProtocolError or LimitError, and holds no more than the limits', () => {
    fc.assert(
      fc.property(fc.option(version, { nil: undefined }), junk, shares, (spoken, wire, splits) => {
        const largest = limits.frameHead + limits.body + 1;
        try {
          decode(cutAt(wire, splits), { from: 'client', version: spoken, limits }, (decoder) => {
            expect(decoder.held).toBeLessThanOrEqual(largest);
          });
        } catch (error) {
          if (!(error instanceof ProtocolError) && !(error instanceof LimitError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('sees the same frames in any bytes, however they come', () => {
    fc.assert(
      fc.property(fc.option(version, { nil: undefined }), junk, shares, (spoken, wire, splits) => {
        const outcome = (chunks: Uint8Array[]): unknown => {
          const frames: unknown[] = [];
          try {
            for (const one of decodeEach(chunks, spoken)) frames.push(one);
          } catch (error) {
            return { frames, failed: (error as Error).name !== '' };
          }
          return { frames, failed: false };
        };
        expect(outcome(cutAt(wire, splits))).toEqual(outcome([wire]));
        expect(outcome(Array.from(wire, (octet) => Uint8Array.of(octet)))).toEqual(outcome([wire]));
      }),
      { numRuns: 1000 },
    );
  });

  function* decodeEach(chunks: Uint8Array[], spoken: Version | undefined): Generator<unknown> {
    const decoder = new Decoder({ from: 'client', limits });
    decoder.version = spoken;
    for (const chunk of chunks) {
      decoder.push(chunk.slice());
      for (let one = decoder.next(); one !== undefined; one = decoder.next()) yield plain(one);
    }
  }
});
