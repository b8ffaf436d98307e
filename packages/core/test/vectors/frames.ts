// Frames and their bytes, by version. Written from the specifications, not from the code.

import type { Command, Version } from '../../src/stomp/index.js';

export interface FrameVector {
  name: string;
  /** Undefined: before the version is known, as the first frame of a connection is read. */
  version?: Version;
  from: 'client' | 'server';
  /** A string stands for its UTF-8. */
  wire: string | Uint8Array;
  frames: readonly { command: Command; headers?: readonly string[]; body?: string | Uint8Array }[];
  /** Whether the frame is also written like this. Default: read only. */
  written?: boolean;
}

export function bytes(...parts: (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)])),
  );
}

const anyVersion: readonly FrameVector[] = (['1.0', '1.1', '1.2'] as const).flatMap((version): FrameVector[] => [
  {
    name: 'SEND with a body',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\ncontent-type:text/plain\ncontent-length:14\n\nhello, queue a\0',
    frames: [
      {
        command: 'SEND',
        headers: ['destination', '/queue/a', 'content-type', 'text/plain'],
        body: 'hello, queue a',
      },
    ],
    written: true,
  },
  {
    name: 'no body and no headers',
    version,
    from: 'client',
    wire: 'DISCONNECT\n\n\0',
    frames: [{ command: 'DISCONNECT' }],
    written: true,
  },
  {
    name: 'an empty value',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\nempty:\n\n\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a', 'empty', ''] }],
    written: true,
  },
  {
    name: 'a body without content-length goes to the first NUL',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\n\nhello\n\nworld\n\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a'], body: 'hello\n\nworld\n' }],
  },
  {
    name: 'NULs in a body that content-length measures',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\ncontent-length:5\n\na\0b\0\0\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a'], body: 'a\0b\0\0' }],
    written: true,
  },
  {
    name: 'content-length counts bytes, not characters',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\ncontent-length:7\n\n€ü𝄞'.replace('7', '9') + '\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a'], body: '€ü𝄞' }],
    written: true,
  },
  {
    name: 'a body that is not UTF-8',
    version,
    from: 'server',
    wire: bytes('MESSAGE\nsubscription:0\ncontent-length:4\n\n', 0xff, 0x00, 0xc3, 0x28, 0),
    frames: [{ command: 'MESSAGE', headers: ['subscription', '0'], body: bytes(0xff, 0x00, 0xc3, 0x28) }],
    written: true,
  },
  {
    name: 'a body that is a byte order mark',
    version,
    from: 'client',
    wire: bytes('SEND\ndestination:/queue/a\ncontent-length:3\n\n', 0xef, 0xbb, 0xbf, 0),
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a'], body: bytes(0xef, 0xbb, 0xbf) }],
    written: true,
  },
  {
    name: 'content-length 0',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\ncontent-length:0\n\n\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a', 'content-length', '0'] }],
  },
  {
    name: 'the first of repeated headers counts, the others stay',
    version,
    from: 'server',
    wire: 'MESSAGE\nfoo:World\nfoo:Hello\n\n\0',
    frames: [{ command: 'MESSAGE', headers: ['foo', 'World', 'foo', 'Hello'] }],
    written: true,
  },
  {
    name: 'the first of repeated content-lengths counts',
    version,
    from: 'client',
    wire: 'SEND\ncontent-length:3\ncontent-length:1\n\na\0b\0',
    frames: [{ command: 'SEND', headers: ['content-length', '3', 'content-length', '1'], body: 'a\0b' }],
  },
  {
    name: 'further colons belong to the value',
    version,
    from: 'client',
    wire: 'SEND\ndestination:tcp://host:1\n\n\0',
    frames: [{ command: 'SEND', headers: ['destination', 'tcp://host:1'] }],
  },
  {
    name: 'EOLs before, between and behind frames',
    version,
    from: 'client',
    wire: '\n\nSEND\ndestination:/queue/a\n\n1\0\n\n\nSEND\ndestination:/queue/a\n\n2\0SEND\ndestination:/queue/a\n\n3\0\n',
    frames: ['1', '2', '3'].map((body) => ({ command: 'SEND', headers: ['destination', '/queue/a'], body })),
  },
  {
    name: 'header names that are properties of every object',
    version,
    from: 'client',
    wire: 'SEND\n__proto__:a\nconstructor:b\n\n\0',
    frames: [{ command: 'SEND', headers: ['__proto__', 'a', 'constructor', 'b'] }],
    written: true,
  },
  {
    name: 'non-ASCII in names, values and body',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/größe\nключ:値\ncontent-length:4\n\n𝄞\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/größe', 'ключ', '値'], body: '𝄞' }],
    written: true,
  },
  {
    name: 'a body over several kilobytes with another frame behind',
    version,
    from: 'client',
    wire: 'SEND\ndestination:/queue/a\ncontent-length:300\n\n' + 'ab\n'.repeat(100) + '\0SEND\nx:y\n\n\0',
    frames: [
      { command: 'SEND', headers: ['destination', '/queue/a'], body: 'ab\n'.repeat(100) },
      { command: 'SEND', headers: ['x', 'y'] },
    ],
    written: true,
  },
]);

export const frameVectors: readonly FrameVector[] = [
  ...anyVersion,
  {
    name: 'CONNECT before the version is known',
    from: 'client',
    wire: 'CONNECT\naccept-version:1.0,1.1,1.2\nhost:h\npasscode:a\\cb\\\\c:d\n\n\0',
    frames: [
      { command: 'CONNECT', headers: ['accept-version', '1.0,1.1,1.2', 'host', 'h', 'passcode', 'a\\cb\\\\c:d'] },
    ],
    written: true,
  },
  {
    name: 'STOMP with CR LF before the version is known',
    from: 'client',
    wire: '\r\nSTOMP\r\naccept-version:1.2\r\nhost:h\r\n\r\n\0',
    frames: [{ command: 'STOMP', headers: ['accept-version', '1.2', 'host', 'h'] }],
  },
  {
    name: 'STOMP is not escaped, as CONNECT is not',
    version: '1.2',
    from: 'client',
    wire: 'STOMP\npasscode:a\\tb:c\n\n\0',
    frames: [{ command: 'STOMP', headers: ['passcode', 'a\\tb:c'] }],
    written: true,
  },
  {
    name: 'CONNECTED is not escaped',
    version: '1.2',
    from: 'server',
    wire: 'CONNECTED\nversion:1.2\nserver:a\\b:c\n\n\0',
    frames: [{ command: 'CONNECTED', headers: ['version', '1.2', 'server', 'a\\b:c'] }],
    written: true,
  },
  {
    name: 'ERROR with a body before the version is known',
    from: 'server',
    wire: 'ERROR\nversion:1.2\ncontent-length:5\n\nsorry\0',
    frames: [{ command: 'ERROR', headers: ['version', '1.2'], body: 'sorry' }],
    written: true,
  },
  {
    name: 'all escapes of 1.2, in names too',
    version: '1.2',
    from: 'server',
    wire: 'MESSAGE\na\\c\\n\\r\\\\b:\\c\\n\\r\\\\\\\\n\n\n\0',
    frames: [{ command: 'MESSAGE', headers: ['a:\n\r\\b', ':\n\r\\\\n'] }],
    written: true,
  },
  {
    name: 'all escapes of 1.1',
    version: '1.1',
    from: 'server',
    wire: 'MESSAGE\na\\c\\n\\\\b:\\c\\n\\\\\\\\n\n\n\0',
    frames: [{ command: 'MESSAGE', headers: ['a:\n\\b', ':\n\\\\n'] }],
    written: true,
  },
  {
    name: '1.0 knows no escapes',
    version: '1.0',
    from: 'server',
    wire: 'MESSAGE\na\\cb:\\n\\t:\\\n\n\0',
    frames: [{ command: 'MESSAGE', headers: ['a\\cb', '\\n\\t:\\'] }],
    written: true,
  },
  {
    name: '1.0 pads values with spaces, as its own examples do',
    version: '1.0',
    from: 'client',
    wire: 'SEND\ndestination: /queue/a\ncontent-length: 3 \n\na\0b\0',
    frames: [{ command: 'SEND', headers: ['destination', '/queue/a', 'content-length', '3'], body: 'a\0b' }],
  },
  {
    name: '1.1 keeps the spaces of a value',
    version: '1.1',
    from: 'client',
    wire: 'SEND\n key : value \n\n\0',
    frames: [{ command: 'SEND', headers: [' key ', ' value '] }],
    written: true,
  },
  {
    name: '1.2 keeps the spaces of a value',
    version: '1.2',
    from: 'client',
    wire: 'SEND\n key : value \n\n\0',
    frames: [{ command: 'SEND', headers: [' key ', ' value '] }],
    written: true,
  },
  {
    name: '1.2 ends lines with CR LF or LF, mixed',
    version: '1.2',
    from: 'client',
    wire: '\r\n\n\r\nSEND\r\ndestination:/queue/a\nx:y\r\n\r\n\r\nbody\r\n\0\r\n\r\nSEND\nx:y\n\r\n\0\r\n',
    frames: [
      { command: 'SEND', headers: ['destination', '/queue/a', 'x', 'y'], body: '\r\nbody\r\n' },
      { command: 'SEND', headers: ['x', 'y'] },
    ],
  },
  {
    name: '1.1 takes a carriage return as part of the value',
    version: '1.1',
    from: 'client',
    wire: 'SEND\na:b\r\nc:\r\n\n\0',
    frames: [{ command: 'SEND', headers: ['a', 'b\r', 'c', '\r'] }],
  },
  {
    name: '1.0 frames other than SEND may have a body',
    version: '1.0',
    from: 'client',
    wire: 'SUBSCRIBE\ndestination:/queue/a\ncontent-length:3\n\na\0b\0',
    frames: [{ command: 'SUBSCRIBE', headers: ['destination', '/queue/a'], body: 'a\0b' }],
    written: true,
  },
  {
    name: 'a frame without a body may say so',
    version: '1.2',
    from: 'client',
    wire: 'SUBSCRIBE\nid:0\ndestination:/queue/a\ncontent-length:0\n\n\0',
    frames: [{ command: 'SUBSCRIBE', headers: ['id', '0', 'destination', '/queue/a', 'content-length', '0'] }],
  },
];
