import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import {
  escapeHeader,
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
