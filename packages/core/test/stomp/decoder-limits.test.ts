import { describe, expect, it } from 'vitest';
import { LimitError } from '../../src/errors.js';
import { encodeText } from '../../src/text.js';
import { Decoder } from '../../src/stomp/index.js';
import { limitVectors } from '../vectors/malformed.js';
import { decode, feedings } from './feeding.js';

describe('Decoder keeps limits', () => {
  limitVectors.forEach(({ limit, code, version, limits, within, beyond }, index) => {
    const options = { from: 'client', version, limits } as const;

    it(`${limit} may be reached (${index})`, () => {
      for (const { how, chunks } of feedings(encodeText(within))) {
        expect(decode(chunks, options), how).toHaveLength(1);
      }
    });

    it(`${limit} may not be crossed, and the error names it (${index})`, () => {
      for (const { how, chunks } of feedings(encodeText(beyond))) {
        let error: unknown;
        try {
          decode(chunks, options);
        } catch (thrown) {
          error = thrown;
        }
        expect(error, how).toBeInstanceOf(LimitError);
        expect(error, how).toMatchObject({ code, limit });
        expect((error as Error).message).toContain(`limits.${limit}`);
        expect((error as Error).message).toContain(String(limits[limit]));
      }
    });
  });

  it('refuses too many headers before the head has ended', () => {
    const chunk = encodeText('SEND\n' + 'a:b\n'.repeat(65));
    expect(() => decode([chunk], { from: 'client', version: '1.2' })).toThrow(/limits.headerCount/);
  });

  it('starts counting EOLs anew only with a frame', () => {
    const chunks = Array.from({ length: 9 }, () => encodeText('\n'));
    expect(() => decode(chunks, { from: 'client' })).toThrow(/limits.leadingEols/);
  });

  it('believes content-length only as far as bytes have come', () => {
    const decoder = new Decoder({ from: 'client' });
    decoder.version = '1.2';
    decoder.push(encodeText('SEND\ncontent-length:16777216\n\nabc'));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.held).toBe(3);
  });

  it('holds nothing of what has been read', () => {
    const decoder = new Decoder({ from: 'client' });
    decoder.version = '1.2';
    decoder.push(encodeText('SEND\na:b\n\nbody\0\n\n'));
    expect(decoder.next()).toBeDefined();
    expect(decoder.next()).toBeUndefined();
    expect(decoder.held).toBe(0);
  });

  it('reads a frame of a megabyte, byte by byte in its head and in small chunks, without quadratic work', () => {
    const body = 'é'.repeat(512 * 1024);
    const wire = encodeText(`SEND\n${'header:value\n'.repeat(60)}\n${body}\0`);
    const chunks = Array.from({ length: Math.ceil(wire.length / 100) }, (_, n) =>
      wire.subarray(n * 100, n * 100 + 100),
    );
    const started = performance.now();
    expect(decode(chunks, { from: 'client', version: '1.2' })[0]?.body).toHaveLength(1024 * 1024);
    // Ten thousand chunks: searched and copied anew for each of them it would take minutes.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
