import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/broker/index.js';
import { HeaderList } from '../../src/header-list.js';
import { concatBytes } from '../../src/text.js';
import { MessageEncoder, type Version, versions } from '../../src/stomp/index.js';
import { decode, toBytes } from './feeding.js';

const delivery = (change: Partial<Delivery> = {}): Delivery => ({
  destination: '/topic/a',
  headers: HeaderList.empty,
  body: 'x',
  id: '1',
  ...change,
});

function encode(encoder: MessageEncoder, one: Delivery, version: Version, subscription = '0') {
  const frame = encoder.encode(encoder.prefix(subscription, version), one, version);
  const parts = (typeof frame === 'string' ? [frame] : frame).map(toBytes);
  const frames = decode(
    [
      concatBytes(
        parts,
        parts.reduce((sum, part) => sum + part.length, 0),
      ),
    ],
    { from: 'server', version },
  );
  expect(frames).toHaveLength(1);
  const headers = new HeaderList(frames[0]!.headers).toRecord();
  expect(Object.keys(headers)).toHaveLength(frames[0]!.headers.length / 2);
  return { ...headers, body: frames[0]!.body };
}

describe('MessageEncoder', () => {
  it.each(versions)('writes subscription, message-id and destination, which MESSAGE must have (%s)', (version) => {
    expect(encode(new MessageEncoder(), delivery(), version)).toEqual({
      subscription: '0',
      'message-id': '1',
      destination: '/topic/a',
      'content-length': '1',
      body: 'x',
    });
  });

  it('passes on what the sender added, but not what was between it and its server', () => {
    const headers = HeaderList.of({
      destination: '/topic/a',
      receipt: 'r1',
      transaction: 't1',
      subscription: 'forged',
      'message-id': 'forged',
      ack: 'forged',
      cursor: 'forged',
      'reply-to': 'forged',
      'content-length': '9',
      'content-type': 'text/plain',
      traceparent: '00-1',
    });
    expect(
      encode(new MessageEncoder(), delivery({ headers, replyTo: '/reply-queue/r', cursor: 'e:1' }), '1.2'),
    ).toEqual({
      subscription: '0',
      'message-id': '1',
      destination: '/topic/a',
      'reply-to': '/reply-queue/r',
      cursor: 'e:1',
      'content-type': 'text/plain',
      traceparent: '00-1',
      'content-length': '1',
      body: 'x',
    });
  });

  it.each(versions)('lets nobody inject a header line (%s)', (version) => {
    const evil = 'a\nevil:1\n\nbody';
    const one = delivery({
      destination: `/topic/${evil}`,
      headers: new HeaderList(['x', evil, evil, 'x']),
      id: evil,
      replyTo: evil,
      cursor: evil,
    });
    expect(encode(new MessageEncoder(), one, version, evil)).not.toHaveProperty('evil');
  });

  it('escapes ids, which another broker may have given', () => {
    const one = delivery({ id: 'ID:host-1\\2:3' });
    for (const version of versions) {
      expect(encode(new MessageEncoder(), one, version)).toHaveProperty('message-id', 'ID:host-1\\2:3');
    }
  });

  it('writes each delivery in each version, though it remembers the last', () => {
    const encoder = new MessageEncoder();
    const headers = HeaderList.of({ note: 'a:b' });
    const deliveries = [
      delivery({ headers }),
      delivery({ headers, id: '2', body: Uint8Array.of(0, 255) }),
      delivery({ headers: HeaderList.of({ note: 'c:d' }), id: '3', destination: '/topic/b:c' }),
      delivery({ headers, id: '4', destination: '/topic/b:c', body: '' }),
    ];
    for (const order of [deliveries, [...deliveries].reverse(), deliveries]) {
      for (const one of order) {
        for (const version of ['1.2', '1.0', '1.1', '1.2'] as const) {
          for (const subscription of ['s:1', 's2']) {
            expect(encode(encoder, one, version, subscription)).toEqual(
              encode(new MessageEncoder(), one, version, subscription),
            );
          }
        }
      }
    }
  });
});
