import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import {
  escapeHeader,
  escapeOwn,
  negotiateVersion,
  unescapeHeader,
  type Version,
  versions,
  withoutPadding,
} from '../../src/stomp/index.js';
import { colons, escapes, undefinedEscapes } from '../vectors/escapes.js';

describe('negotiateVersion', () => {
  it.each([
    ['1.2', '1.2'],
    ['1.0,1.1,1.2', '1.2'],
    ['1.2,1.1,1.0', '1.2'],
    ['1.0,1.1', '1.1'],
    ['1.0', '1.0'],
    ['1.0, 1.1', '1.1'],
    ['1.1,2.0', '1.1'],
    ['1.1,1.1', '1.1'],
    [undefined, '1.0'],
    ['', undefined],
    ['2.0', undefined],
    ['1.20', undefined],
    ['1', undefined],
    ['1.0;1.1', undefined],
  ])('%j is %j', (accepted, chosen) => {
    expect(negotiateVersion(accepted)).toBe(chosen);
  });

  it('chooses among what is offered only', () => {
    expect(negotiateVersion('1.0,1.1,1.2', ['1.1'])).toBe('1.1');
    expect(negotiateVersion('1.0,1.2', ['1.1'])).toBeUndefined();
    expect(negotiateVersion(undefined, ['1.2', '1.1'])).toBeUndefined();
  });
});

describe.each(versions)('headers of STOMP %s', (version: Version) => {
  it.each([...escapes, ...colons])('a value $text', ({ text, wire }) => {
    expect(escapeHeader(text, version, 'value')).toBe(wire[version]);
  });

  it.each(escapes)('a name $text', ({ text, wire }) => {
    expect(escapeHeader(text, version, 'name')).toBe(wire[version]);
  });

  it.each(colons)('a name with a colon: $text', ({ text, wire }) => {
    expect(escapeHeader(text, version, 'name')).toBe(version === '1.0' ? undefined : wire[version]);
  });

  it('come back as they went', () => {
    for (const { text, wire } of [...escapes, ...colons]) {
      const written = wire[version];
      if (written !== undefined) expect(unescapeHeader(written, version)).toBe(text);
    }
  });

  it('never become another line or the end of the frame', () => {
    for (const { text } of escapes) expect(escapeHeader(text, version, 'value') ?? '').not.toMatch(/[\n\r\0]/);
  });
});

describe('withoutPadding', () => {
  it.each([
    [' a', 'a'],
    ['a ', 'a'],
    ['  a b  ', 'a b'],
    ['   ', ''],
    ['', ''],
    ['\ufeffa\u00a0', '\ufeffa\u00a0'],
    ['\ta\t', '\ta\t'],
  ])('%j is %j', (padded, value) => {
    expect(withoutPadding(padded)).toBe(value);
  });
});

describe('unescapeHeader', () => {
  it.each(['1.1', '1.2'] as const)('refuses escapes that %s does not define', (version) => {
    for (const text of undefinedEscapes[version]) {
      expect(() => unescapeHeader(text, version), JSON.stringify(text)).toThrow(ProtocolError);
    }
  });

  it('leaves everything as it is in 1.0', () => {
    for (const text of undefinedEscapes['1.2']) expect(unescapeHeader(text, '1.0')).toBe(text);
  });

  it('does not unescape twice', () => {
    expect(unescapeHeader('\\\\n\\\\\\n', '1.2')).toBe('\\n\\\n');
  });
});

describe.each(versions)('what a reader of STOMP %s has sent itself', (version: Version) => {
  it.each(['a', 'a\rb', '\r', 'a\r\r', 'ü\r🚪'])('comes back as it was: %j', (value) => {
    const wire = escapeOwn(value, version)!;
    expect(wire).toBe(version === '1.2' ? value.replaceAll('\r', '\\r') : value);
    expect(unescapeHeader(wire, version)).toBe(value);
  });

  it('never becomes another line', () => {
    expect(escapeOwn('a\r\nb', version)).toBe({ '1.0': undefined, '1.1': 'a\r\\nb', '1.2': 'a\\r\\nb' }[version]);
  });
});
