// Clients of byte streams that read one octet beyond the NUL get an EOL there, which is none of the next frame.

import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../src/header-list.js';
import { connected } from './raw-client.js';

const subscribe = 'SUBSCRIBE\nid:0\ndestination:/queue/a\nreceipt:r1\n\n\0';

describe.each([
  { options: { eolAfterFrames: true }, eol: '\n' },
  { options: {}, eol: '' },
])('serveStomp with $options', ({ options, eol }) => {
  it.each([
    ['text', 'é', '\xc3\xa9'],
    ['bytes', Uint8Array.of(0xff, 0, 0x0a), '\xff\0\n'],
  ])('sends %s and whatever else with the right end', async (_, body, octets) => {
    const { client, broker } = await connected(options);
    expect(client.octets.endsWith(`\n\n\0${eol}`)).toBe(true);
    const start = client.octets.length;
    await client.say(subscribe);
    void broker.link().send({ destination: '/queue/a', headers: HeaderList.empty, body });
    await client.say('NONSENSE\n\n\0');
    const [receipt, message, error] = client.octets.slice(start).split(/(?=MESSAGE|ERROR)/);
    expect(receipt).toBe(`RECEIPT\nreceipt-id:r1\n\n\0${eol}`);
    expect(message!.endsWith(`\n\n${octets}\0${eol}`)).toBe(true);
    expect(error!.endsWith(`\n\0${eol}`)).toBe(true);
    expect(client.commands).toEqual(['CONNECTED', 'RECEIPT', 'MESSAGE', 'ERROR']);
  });
});
