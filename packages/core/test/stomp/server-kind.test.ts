import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../src/header-list.js';
import {
  replyAddress,
  type ServerKind,
  serverKind,
  spellExpiration,
  spellPrefetch,
  spellSubscribe,
} from '../../src/stomp/server-kind.js';

describe('serverKind', () => {
  it.each([
    [undefined, 'sallyport'],
    ['Sallyport', 'sallyport'],
    ['RabbitMQ/3.10.8', 'rabbitmq'],
    ['ActiveMQ/5.17.2', 'activemq'],
    // It has other wildcards, and minds other headers.
    ['ActiveMQ-Artemis/2.28.0 ActiveMQ Artemis Messaging Engine', 'other'],
    ['', 'other'],
  ])('%j is %s', (name, kind) => {
    expect(serverKind(name)).toBe(kind);
  });
});

describe('an answer goes', () => {
  it.each([
    ['sallyport', '/reply-queue/x', true],
    ['rabbitmq', '/reply-queue/amq.gen-x', true],
    ['rabbitmq', '/amq/queue/answers', true],
    ['activemq', '/remote-temp-queue/ID:x', true],
    ['other', '/queue/answers', true],
    ['rabbitmq', '/queue/answers', false],
    ['rabbitmq', '/exchange/amq.topic/x', false],
    ['activemq', '/topic/answers', false],
  ] as const)('at %s to %s: %j', (kind, address, may) => {
    expect(replyAddress(kind, address)).toBe(may ? address : undefined);
    expect(replyAddress(kind, undefined)).toBeUndefined();
  });
});

describe('what ActiveMQ calls otherwise', () => {
  it.each([
    ['/topic/vm.#', '/topic/vm.>'],
    ['/topic/#', '/topic/>'],
    ['/topic/vm.*', '/topic/vm.*'],
    ['/queue/a.#', '/queue/a.#'],
  ])('%s is %s', (ours, theirs) => {
    const spelt = (kind: ServerKind): unknown => spellSubscribe(kind, ours, HeaderList.empty)['destination'];
    expect(spelt('activemq')).toBe(theirs);
    for (const kind of ['sallyport', 'rabbitmq', 'other'] as const) expect(spelt(kind)).toBe(ours);
  });

  it('is how many may wait for their acknowledgement', () => {
    expect(spellPrefetch('activemq', 5)).toEqual({ 'activemq.prefetchSize': '5' });
    expect(spellPrefetch('rabbitmq', 5)).toEqual({ 'prefetch-count': '5' });
  });

  it('is until when a message is of use', () => {
    const headers = HeaderList.of({ a: 'b', expiration: '30000' });
    const before = Date.now();
    const expires = Number(spellExpiration('activemq', headers).get('expires'));
    expect(expires).toBeGreaterThanOrEqual(before + 30_000);
    expect(expires).toBeLessThanOrEqual(Date.now() + 30_000);
    expect(spellExpiration('rabbitmq', headers)).toBe(headers);
    for (const said of [HeaderList.of({ a: 'b' }), HeaderList.of({ expiration: '1', expires: '2' })])
      expect(spellExpiration('activemq', said)).toBe(said);
  });
});
