// RFC 6455, sections 5.4 to 5.6: messages in every form that is allowed, and what a text may hold.

import { describe, expect, test } from 'vitest';
import { Opcode, type RawWebSocket, wsFrame } from '../fixtures/raw-websocket.js';
import { hasResult, type Kind, kinds, sharedHouse } from '../fixtures/websocket-house.js';

const { continuation, text, binary, ping, pong } = Opcode;

/** A message in fragments of a length; none is empty unless the length is 0. */
function fragments(opcode: number, message: string, length: number): Buffer[] {
  const bytes = Buffer.from(message);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) parts.push(bytes.subarray(at, at + length));
  return parts.map((part, at) => wsFrame(at === 0 ? opcode : continuation, part, { fin: at === parts.length - 1 }));
}

/** What stands between the fragments of a message. */
function between(frames: readonly Buffer[], ...others: Buffer[]): Buffer[] {
  return frames.flatMap((frame, at) => (at === frames.length - 1 ? [frame] : [frame, ...others]));
}

const forms: [name: string, form: (message: string) => Buffer[]][] = [
  ['one text', (message) => [wsFrame(text, message)]],
  ['one binary message', (message) => [wsFrame(binary, message)]],
  ['a mask of zeros', (message) => [wsFrame(text, message, { mask: [0, 0, 0, 0] })]],
  ['a mask of ones', (message) => [wsFrame(text, message, { mask: [255, 255, 255, 255] })]],
  ['two fragments', (message) => fragments(text, message, 60)],
  ['two binary fragments', (message) => fragments(binary, message, 60)],
  ['fragments of one octet', (message) => fragments(text, message, 1)],
  ['empty fragments in between', (message) => between(fragments(text, message, 7), wsFrame(0, '', { fin: false }))],
  ['an empty first fragment', (message) => [wsFrame(text, '', { fin: false }), wsFrame(0, message)]],
  ['an empty last fragment', (message) => [wsFrame(text, message, { fin: false }), wsFrame(0)]],
  [
    'nothing but empty fragments before it',
    (message) => [wsFrame(text, '', { fin: false }), wsFrame(0), wsFrame(text, message)],
  ],
  ['empty messages around it', (message) => [wsFrame(text), wsFrame(binary), wsFrame(text, message), wsFrame(text)]],
  ['pings between its fragments', (message) => between(fragments(text, message, 5), wsFrame(ping, 'still there?'))],
  ['unsolicited pongs between its fragments', (message) => between(fragments(text, message, 5), wsFrame(pong, 'yes'))],
  ['other keys for its fragments', (message) => fragments(text, message, 9).map((frame, at) => remasked(frame, at))],
];

/** The same frame with another masking key. */
function remasked(frame: Buffer, key: number): Buffer {
  const mask = [key, 0x80, key ^ 0xff, 1];
  const payload = frame.subarray(6).map((octet, at) => octet ^ frame[2 + (at % 4)]!);
  return wsFrame(frame[0]! & 0x0f, payload, { fin: (frame[0]! & 0x80) !== 0, mask });
}

const shared = sharedHouse({ limits: { fragments: 300 } });

async function loggedIn(kind: Kind): Promise<RawWebSocket & { untouched: () => Promise<void> }> {
  const { open, untouched } = shared;
  const client = await open(kind);
  if (kind.login !== '') {
    client.say(wsFrame(text, kind.login));
    await client.until(({ payload }) => payload.includes('CONNECTED'));
  }
  return Object.assign(client, { untouched });
}

describe.each(kinds)('$name', (kind) => {
  test.each(forms)('%s', async (_, form) => {
    const client = await loggedIn(kind);
    client.say(...form(kind.add(2, 3)));
    const { opcode } = await client.until(hasResult(5));
    // Section 5.6: text is UTF-8, and our answers are text.
    expect(opcode).toBe(text);
    client.say(wsFrame(text, kind.add(3, 3)));
    await client.until(hasResult(6));
    await client.untouched();
  });

  test.each(forms)('%s, one octet at a time', async (_, form) => {
    const client = await loggedIn(kind);
    for (const octet of Buffer.concat(form(kind.add(2, 3)))) {
      client.say(Uint8Array.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(hasResult(5));
    await client.untouched();
  });

  test('a hundred messages in one piece', async () => {
    const client = await loggedIn(kind);
    client.say(...Array.from({ length: 100 }, (_, at) => wsFrame(text, kind.add(at, 1000))));
    await client.until(hasResult(1099));
    const heard = client.frames.map(({ payload }) => payload.toString()).join('');
    const results = [...heard.matchAll(/"result":(\d+)}/g)].map(([, result]) => Number(result));
    expect(results).toEqual(Array.from({ length: 100 }, (_, at) => at + 1000));
    await client.untouched();
  });

  test.each([125, 126, 127, 65_535, 65_536, 1_000_000])('a frame of %i octets', async (length) => {
    const client = await loggedIn(kind);
    const call = kind.add(2, 3);
    // White space is allowed around JSON, and so in the body of a frame that holds JSON.
    const at = call.indexOf('{"jsonrpc"');
    const bytes = Buffer.from(call.slice(0, at) + ' '.repeat(length) + call.slice(at));
    client.say(wsFrame(text, bytes.subarray(0, length), { fin: false }), wsFrame(continuation, bytes.subarray(length)));
    await client.until(hasResult(5));
    await client.untouched();
  });

  test('the most fragments there may be', async () => {
    const client = await loggedIn(kind);
    const parts = fragments(text, kind.add(2, 3), 1);
    const empty = Array.from({ length: 300 - parts.length }, () => wsFrame(continuation, '', { fin: false }));
    client.say(parts[0]!, ...empty, ...parts.slice(1));
    await client.until(hasResult(5));
    await client.untouched();
  });
});

describe.each(kinds)('UTF-8 of $name', (kind) => {
  const valid: [name: string, characters: string][] = [
    ['two octets', 'é¢߿'],
    ['three octets', '€한�'],
    ['four octets', '😀𐍈\u{10ffff}'],
    ['no characters', '\uffff\ufdd0\u{1fffe}'],
    ['a byte order mark', '\ufeff'],
    ['the last before and the first after the surrogates', '\ud7ff\ue000'],
  ];

  test.each(valid)('%s, in fragments of one octet', async (_, characters) => {
    const client = await loggedIn(kind);
    client.say(...fragments(text, kind.add(2, 3).replace('"jsonrpc"', `"x":"${characters}","jsonrpc"`), 1));
    await client.until(hasResult(5));
    await client.untouched();
  });

  const invalid: [name: string, ...octets: number[]][] = [
    ['a continuation octet alone', 0x80],
    ['a lead without its continuation', 0xc3, 0x28],
    ['a lead at the end', 0xe2, 0x82],
    ['an overlong slash of two octets', 0xc0, 0xaf],
    ['an overlong slash of three octets', 0xe0, 0x80, 0xaf],
    ['an overlong slash of four octets', 0xf0, 0x80, 0x80, 0xaf],
    ['an overlong NUL', 0xc0, 0x80],
    ['the longest overlong of three octets', 0xe0, 0x9f, 0xbf],
    ['a high surrogate', 0xed, 0xa0, 0x80],
    ['a low surrogate', 0xed, 0xbf, 0xbf],
    ['a pair of surrogates', 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    ['beyond U+10FFFF', 0xf4, 0x90, 0x80, 0x80],
    ['five octets', 0xf8, 0x88, 0x80, 0x80, 0x80],
    ['six octets', 0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
    ['0xFE', 0xfe],
    ['0xFF', 0xff],
  ];

  const ways: [name: string, cut: (bytes: Buffer, at: number) => Buffer[]][] = [
    ['whole', (bytes) => [wsFrame(text, bytes)]],
    [
      'in fragments of one octet',
      (bytes) =>
        [...bytes].map((octet, at) => wsFrame(at === 0 ? text : 0, [octet] as never, { fin: at === bytes.length - 1 })),
    ],
    [
      'cut in the middle of it',
      (bytes, at) => [
        wsFrame(text, bytes.subarray(0, at), { fin: false }),
        wsFrame(ping),
        wsFrame(0, bytes.subarray(at)),
      ],
    ],
  ];

  for (const [how, cut] of ways) {
    test.each(invalid)(`%s, ${how}: 1007`, async (_, ...octets) => {
      const client = await loggedIn(kind);
      const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(octets), Buffer.from('"}')]);
      client.say(...cut(bytes, 7), wsFrame(text, kind.trace));
      expect(await client.ended()).toBe(1007);
      await client.untouched();
    });
  }
});
