import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { encodeText } from '../../src/text.js';
import { Decoder, Frame } from '../../src/stomp/index.js';
import { frameVectors } from '../vectors/frames.js';
import { malformedVectors } from '../vectors/malformed.js';
import { decode, feedings, padded, plain, tainted, toBytes } from './feeding.js';

const manyEols = { leadingEols: 1000 };

describe('Decoder reads', () => {
  for (const vector of frameVectors) {
    const title = `${vector.name} (${vector.version ?? 'version not known'})`;
    const wire = toBytes(vector.wire);
    const options = { from: vector.from, version: vector.version, limits: manyEols };
    // content-length is restated by the writer, so vectors that are written leave it to be understood.
    const expected = vector.frames.map(({ command, headers = [], body = '' }) =>
      plain(new Frame(command, new HeaderList(headers), body)),
    );
    const read = (chunks: Uint8Array[]): unknown[] =>
      decode(chunks, options).map((frame) =>
        vector.written ? { ...frame, headers: withoutLength(frame.headers) } : frame,
      );

    it(`${title}: whole, split at every point, byte by byte`, () => {
      for (const { how, chunks } of feedings(wire)) expect(read(chunks), how).toEqual(expected);
    });

    it(`${title}: with both readers`, () => {
      for (const { how, chunks } of feedings(padded(wire))) expect(read(chunks), how).toEqual(expected);
      if (vector.from === 'client') expect(read([tainted(wire)])).toEqual(expected);
    });

    it(`${title}: with trailing bytes, which wait`, () => {
      const rest = vector.from === 'client' ? 'SEND' : 'MESSAGE';
      for (const trailing of ['\n', '\n\n', rest, `\n${rest}`, `${rest}\n`, `${rest}\na:`]) {
        expect(read([toBytes(joined(wire, trailing))]), JSON.stringify(trailing)).toEqual(expected);
      }
    });
  }

  it('frames one after another out of one buffer, whatever the chunks', () => {
    const wire = encodeText(Array.from({ length: 50 }, (_, n) => `SEND\nn:${n}\n\n${'é'.repeat(n)}\0\n`).join(''));
    const expected = decode([wire], { from: 'client', version: '1.2' });
    expect(expected).toHaveLength(50);
    for (const size of [1, 7, 63, 64, 65, 200]) {
      const chunks = Array.from({ length: Math.ceil(wire.length / size) }, (_, n) =>
        wire.subarray(n * size, (n + 1) * size),
      );
      expect(decode(chunks, { from: 'client', version: '1.2' })).toEqual(expected);
    }
  });

  it('a version that becomes known between two frames of one chunk', () => {
    const decoder = new Decoder({ from: 'client' });
    decoder.push(
      encodeText('CONNECT\naccept-version:1.2\npasscode:\\t\n\n\0SEND\r\na:\\c\r\n\r\n\0' + '\n'.repeat(64)),
    );
    expect(decoder.next()?.header('passcode')).toBe('\\t');
    decoder.version = '1.2';
    expect(decoder.next()?.header('a')).toBe(':');
    expect(decoder.next()).toBeUndefined();
  });

  it('any number of EOLs once the version is known', () => {
    expect(decode([encodeText('\n'.repeat(10_000))], { from: 'client', version: '1.2' })).toEqual([]);
  });
});

describe('Decoder refuses', () => {
  for (const vector of malformedVectors) {
    const { name, version, from = 'client', code } = vector;
    it(`${name} (${version ?? 'version not known'}) with ${code}`, () => {
      const wire = toBytes(vector.wire);
      for (const bytes of [wire, padded(wire), tainted(wire)]) {
        for (const { how, chunks } of feedings(bytes)) {
          const error = thrownBy(() => decode(chunks, { from, version, limits: manyEols }));
          expect(error, how).toBeInstanceOf(ProtocolError);
          expect(error, how).toMatchObject({ code: expect.stringMatching(code), by: 'them' });
        }
      }
    });
  }

  it('without repeating what it was sent', () => {
    for (const { wire, version, from = 'client' } of malformedVectors) {
      const evil = toBytes(wire);
      const error = thrownBy(() => decode([evil], { from, version })) as Error;
      for (const word of ['HELLO', 'HELO', 'value', 'GET', 'HTTP', 'CONNECTCONNECT'])
        expect(error.message).not.toContain(word);
    }
  });
});

function withoutLength(pairs: readonly string[]): string[] {
  return pairs.filter((_, index) => pairs[index - (index % 2)] !== 'content-length');
}

function joined(wire: Uint8Array, text: string): Uint8Array {
  return Uint8Array.from([...wire, ...encodeText(text)]);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
