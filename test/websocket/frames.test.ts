// RFC 6455, section 5: frames that no client may send, by each protocol. One close frame with the code that fits, then the
// end; what stands behind is not done, and nobody else notices.

import { describe, expect, test } from 'vitest';
import { closing, Opcode, wsFrame } from '../fixtures/raw-websocket.js';
import { hasResult, kinds, sharedHouse } from '../fixtures/websocket-house.js';

const { continuation, text, binary, close, ping, pong } = Opcode;
const reserved = [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf];
const rsvs = [1, 2, 3, 4, 5, 6, 7];
const names = Object.entries(Opcode);
const mask = undefined;
const long = 'x'.repeat(126);

/** The limit of one message; each frame of the tables is shorter unless it is about that. */
const limits = { body: 2000, frameHead: 1000, fragments: 16 };

type Violation = readonly [name: string, code: number, ...frames: Uint8Array[]];

const violations: Violation[] = [
  // 5.1: a client masks every frame.
  ...names.map(([name, opcode]): Violation => [`${name}, unmasked`, 1002, wsFrame(opcode, '', { mask })]),
  ['text with a payload, unmasked', 1002, wsFrame(text, 'hello', { mask })],
  ['an unmasked continuation of a masked frame', 1002, wsFrame(text, 'a', { fin: false }), wsFrame(0, 'b', { mask })],
  ['close with a code, unmasked', 1002, wsFrame(close, closing(1000), { mask })],

  // 5.2: RSV bits mean nothing without an extension.
  ...rsvs.map((rsv): Violation => [`text with RSV ${rsv}`, 1002, wsFrame(text, 'a', { rsv })]),
  ...rsvs.map((rsv): Violation => [
    `a continuation with RSV ${rsv}`,
    1002,
    wsFrame(text, 'a', { fin: false }),
    wsFrame(0, 'b', { rsv }),
  ]),
  ...[binary, close, ping, pong].map((opcode): Violation => [
    `opcode ${opcode} with RSV1`,
    1002,
    wsFrame(opcode, '', { rsv: 4 }),
  ]),

  // 5.2: reserved opcodes.
  ...reserved.map((opcode): Violation => [`opcode ${opcode}`, 1002, wsFrame(opcode)]),
  ...reserved.map((opcode): Violation => [`opcode ${opcode} with a payload`, 1002, wsFrame(opcode, 'abc')]),
  ...reserved.map((opcode): Violation => [`opcode ${opcode}, not final`, 1002, wsFrame(opcode, '', { fin: false })]),
  ['a reserved opcode inside a message', 1002, wsFrame(text, 'a', { fin: false }), wsFrame(3)],

  // 5.5: control frames are whole, and at most 125 octets.
  ...[close, ping, pong].flatMap((opcode): Violation[] => [
    [`opcode ${opcode}, not final`, 1002, wsFrame(opcode, '', { fin: false })],
    [`opcode ${opcode} with 126 octets`, 1002, wsFrame(opcode, long)],
    [`opcode ${opcode} that claims 65 536 octets`, 1002, wsFrame(opcode, '', { claims: 65_536 })],
    [`opcode ${opcode} that claims 2^62 octets`, 1002, wsFrame(opcode, '', { claims: 1n << 62n })],
  ]),
  ['a ping in two fragments', 1002, wsFrame(ping, 'a', { fin: false }), wsFrame(continuation, 'b')],

  // 5.4: fragments.
  ['a continuation of nothing', 1002, wsFrame(continuation, 'a')],
  ['a continuation of nothing, not final', 1002, wsFrame(continuation, 'a', { fin: false })],
  ['an empty continuation of nothing', 1002, wsFrame(continuation)],
  ['a continuation after a whole message', 1002, wsFrame(ping), wsFrame(continuation, 'a')],
  ['text inside text', 1002, wsFrame(text, 'a', { fin: false }), wsFrame(text, 'b')],
  ['binary inside text', 1002, wsFrame(text, 'a', { fin: false }), wsFrame(binary, 'b')],
  ['text inside binary, not final', 1002, wsFrame(binary, 'a', { fin: false }), wsFrame(text, 'b', { fin: false })],
  ['text inside a message, after a ping', 1002, wsFrame(text, 'a', { fin: false }), wsFrame(ping), wsFrame(text, 'b')],

  // 7.4.1: too big to process, told before it is sent.
  ['a text that is too long', 1009, wsFrame(text, '', { claims: limits.body + limits.frameHead + 1 })],
  ['a binary message that is too long', 1009, wsFrame(binary, '', { claims: 1_000_000 })],
  ['a length of 2^32', 1009, wsFrame(text, '', { claims: 1n << 32n })],
  ['a length of 2^53', 1009, wsFrame(text, '', { claims: 1n << 53n })],
  ['a length of 2^63 - 1', 1009, wsFrame(binary, '', { claims: (1n << 63n) - 1n })],
  ['a length with its top bit set', 1009, wsFrame(binary, '', { claims: 1n << 63n })],
  [
    'fragments that are too long together',
    1009,
    wsFrame(text, 'a'.repeat(1999), { fin: false }),
    wsFrame(0, 'b'.repeat(1999)),
  ],
  [
    'too many fragments',
    1008,
    wsFrame(text, 'a', { fin: false }),
    ...Array.from({ length: 16 }, () => wsFrame(0, 'b', { fin: false })),
  ],
  [
    'too many empty fragments',
    1008,
    wsFrame(text, '', { fin: false }),
    ...Array.from({ length: 16 }, () => wsFrame(0, '', { fin: false })),
  ],
];

const cases = violations.map(([name, code, ...frames]) => ({ name, code, frames }));

const shared = sharedHouse({ limits });

describe.each(kinds)('$name', (kind) => {
  test.each(cases)('$name: $code', async ({ code, frames }) => {
    const { open, untouched } = shared;
    const client = await open(kind);
    client.say(...frames, wsFrame(text, kind.login), wsFrame(text, kind.trace));
    expect(await client.ended()).toBe(code);
    // Pings that came before are answered; nothing else is said.
    expect(client.frames.filter(({ opcode }) => opcode !== pong)).toHaveLength(1);
    await untouched();
  });

  test('a violation after login: what was said before it has been done, what stands behind it is not', async () => {
    const { house, open, untouched } = shared;
    const client = await open(kind);
    if (kind.login !== '') client.say(wsFrame(text, kind.login));
    client.say(wsFrame(text, kind.add(1, 1)));
    await client.until(hasResult(2));
    client.say(wsFrame(text, 'a', { mask }), wsFrame(text, kind.trace));
    expect(await client.ended()).toBe(1002);
    await expect.poll(() => house.server.sessions.size).toBe(1);
    await untouched();
  });
});
