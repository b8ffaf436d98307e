import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../src/header-list.js';
import { concatBytes } from '../../src/text.js';
import { encodeFrame, Frame, versions } from '../../src/stomp/index.js';
import { frameVectors } from '../vectors/frames.js';
import { decode, octets, toBytes } from './feeding.js';

describe('encodeFrame writes', () => {
  for (const { name, version = '1.2', wire, frames } of frameVectors.filter(({ written }) => written)) {
    it(`${name} (${version})`, () => {
      const parts = frames.map(({ command, headers = [], body }) =>
        toBytes(encodeFrame(new Frame(command, new HeaderList(headers), body), version)),
      );
      const written = concatBytes(
        parts,
        parts.reduce((sum, part) => sum + part.length, 0),
      );
      expect(octets(written)).toBe(octets(toBytes(wire)));
    });
  }

  it('content-length itself, whatever the caller says', () => {
    const headers = HeaderList.of({ 'content-length': '99', destination: '/queue/a' });
    expect(encodeFrame(new Frame('SEND', headers, 'é'), '1.2')).toBe(
      'SEND\ndestination:/queue/a\ncontent-length:2\n\né\0',
    );
  });

  it('text as text and bytes as bytes', () => {
    expect(encodeFrame(new Frame('SEND', HeaderList.empty, 'a'), '1.2')).toBeTypeOf('string');
    expect(encodeFrame(new Frame('SEND', HeaderList.empty, Uint8Array.of(97)), '1.2')).toBeInstanceOf(Uint8Array);
  });

  it.each(versions)('no header that %s would read as something else', (version) => {
    const evil = ['a\nb', 'a\r\nb', 'a\rb', 'a\0b', '\n\nbody', '\0SEND\n\n\0', 'a\nevil:1'];
    const headers = new HeaderList(evil.flatMap((text) => ['x', text, text, 'x']));
    const wire = toBytes(encodeFrame(new Frame('SEND', headers, 'body'), version));
    const frames = decode([wire], { from: 'client', version });
    expect(frames).toHaveLength(1);
    expect(frames[0]!.body).toBe('body');
    expect(frames[0]!.headers.filter((_, at) => at % 2 === 0)).not.toContain('evil');
    for (const text of frames[0]!.headers) expect([...evil, 'x', 'content-length', '4']).toContain(text);
  });

  it.each(['CONNECT', 'STOMP'] as const)('no line feed into %s, where nothing is escaped', (command) => {
    const wire = encodeFrame(new Frame(command, HeaderList.of({ login: 'a\nadmin:1', host: 'h' })), '1.2');
    expect(wire).toBe(`${command}\nhost:h\n\n\0`);
  });
});

describe('Frame', () => {
  it('gives the first of repeated headers', () => {
    expect(new Frame('MESSAGE', new HeaderList(['a', '1', 'a', '2'])).header('a')).toBe('1');
  });

  it('has no headers of its prototype', () => {
    const frame = new Frame('MESSAGE');
    for (const name of ['constructor', 'toString', '__proto__']) expect(frame.header(name)).toBeUndefined();
  });

  it('throws where its body is no text', () => {
    expect(new Frame('MESSAGE', HeaderList.empty, Uint8Array.of(0xc3, 0xa9)).text).toBe('é');
    expect(() => new Frame('MESSAGE', HeaderList.empty, Uint8Array.of(0xff)).text).toThrow(TypeError);
  });
});
