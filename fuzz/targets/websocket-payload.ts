// What a WebSocket message holds: text if it is UTF-8, and nothing else is.

import { isUtf8 } from 'node:buffer';
import { SallyportError } from '@sallyport/core';
import { asBytes, asText, messageReader } from '../../packages/websocket/src/payload.js';
import { check, checkSame, octetsOf, type Target } from '../target.js';

const most = 1000;

export const webSocketPayload: Target = {
  name: 'websocket-payload',
  weight: 0.5,
  words: [
    '\xc3\xa9',
    '\xe2\x82\xac',
    '\xf0\x9f\x98\x80',
    '\xed\xa0\x80',
    '\xc0\xaf',
    '\xf4\x90\x80\x80',
    '\xff',
    '\xef\xbb\xbf',
    '{}',
    '\0',
  ],
  seeds: ['{"a":"\xc3\xa9"}', '\xef\xbb\xbf{}', '\xed\xa0\x80', 'x'.repeat(1001), ''],
  run(input) {
    const text = asText(input);
    const isText = typeof text === 'string';
    check(isText === isUtf8(input), isText ? 'it is text, and not UTF-8' : 'it is UTF-8, and not text');
    checkSame(octetsOf(asBytes(text)), octetsOf(input), 'there and back');
    try {
      const read = messageReader(most)(input);
      check(isText && read === text && input.length <= most, 'a message that should have been refused');
    } catch (error) {
      check(error instanceof SallyportError, `it throws ${String(error)}`);
      check(!isText || input.length > most, `a good message is refused: ${error.message}`);
    }
  },
};
