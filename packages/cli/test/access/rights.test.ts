// What rights cover, and what they do not.

import type { Access, Session } from '@sallyport/node';
import { describe, expect, test } from 'vitest';
import { allRights, covers, destinationTokens, exceeds, mayDo, type Rights } from '../../src/access/rights.js';

const none: Rights = { call: [], subscribe: [], send: [], serve: [] };

function names(...patterns: string[]): string[][] {
  return patterns.map((pattern) => pattern.split('.'));
}

function destinations(...patterns: string[]): (readonly string[])[] {
  return patterns.map(destinationTokens);
}

type Wish = Access extends infer One ? (One extends Access ? Omit<One, 'principal' | 'session'> : never) : never;

function asks(rights: Rights, wish: Wish): boolean {
  return mayDo(rights, { ...wish, principal: undefined, session: undefined as unknown as Session } as Access);
}

describe('a pattern covers', () => {
  test.each([
    ['host.stats', 'host.stats', true],
    ['host.stats', 'host.state', false],
    ['host', 'host.stats', false],
    ['host.stats', 'host', false],
    ['host.*', 'host.stats', true],
    ['host.*', 'host', false],
    ['host.*', 'host.cpu.load', false],
    ['host.#', 'host', true],
    ['host.#', 'host.cpu.load', true],
    ['host.#', 'hosts.cpu', false],
    ['*.stats', 'host.stats', true],
    ['#', 'a.b.c', true],
    // What is asked for is a pattern itself: everything it matches must be granted.
    ['host.*', 'host.*', true],
    ['host.*', 'host.#', false],
    ['host.*', '*.stats', false],
    ['host.*', '#', false],
    ['host.#', 'host.*.load', true],
    ['host.#', '#', false],
    ['host.stats', 'host.*', false],
    ['*.*', 'host.#', false],
  ])('%s: %s? %s', (granted, asked, expected) => {
    expect(covers(names(granted), asked.split('.'))).toBe(expected);
  });

  test('a destination only with its kind', () => {
    const granted = destinations('/topic/work');
    expect(covers(granted, destinationTokens('/topic/work'))).toBe(true);
    expect(covers(granted, destinationTokens('/queue/work'))).toBe(false);
  });

  test.each([
    ['jms.queue.events', 'jms.queue.events', true],
    ['jms.queue.events', 'jms.queue.other', false],
    // Whoever listens to a name of oVirt's dialect hears what is sent below it.
    ['jms.queue.events', 'jms.queue.events.below', true],
    ['jms.queue.events', 'jms.queue', false],
    ['jms.#', 'jms', true],
    ['jms.*', 'jms', false],
    ['#', 'jms', true],
    ['#', '/topic/jms', false],
    ['/topic/#', 'topic.jms', false],
  ])('of oVirt: %s, %s? %s', (granted, asked, expected) => {
    expect(covers(destinations(granted), destinationTokens(asked))).toBe(expected);
  });

  test('nothing that is no destination', () => {
    expect(covers(destinations('/topic/#', '/queue/#'), destinationTokens('jms.topic.work'))).toBe(false);
    expect(covers(destinations('/topic/#', '/queue/#'), destinationTokens('/topic/'))).toBe(false);
  });
});

describe('rights', () => {
  test.each<[string, Wish]>([
    ['call', { action: 'call', method: 'host.getStats' }],
    ['subscribe', { action: 'subscribe', destination: '/topic/host.stats' }],
    ['send', { action: 'send', destination: '/queue/work' }],
    ['serve', { action: 'serve', destination: '/queue/rpc.disks' }],
  ])('%s: not without, with "all"', (_, wish) => {
    expect(asks(none, wish)).toBe(false);
    expect(asks(allRights, wish)).toBe(true);
  });

  test('are for one thing each', () => {
    const rights: Rights = { ...none, subscribe: destinations('/topic/host.#') };
    expect(asks(rights, { action: 'subscribe', destination: '/topic/host.stats' })).toBe(true);
    expect(asks(rights, { action: 'send', destination: '/topic/host.stats' })).toBe(false);
  });

  test('to be here is nobody refused who has been let in', () => {
    expect(asks(none, { action: 'connect' })).toBe(true);
  });

  test('what stands for a frame is asked for by itself', () => {
    expect(asks(none, { action: 'call', method: 'rpc.subscribe' })).toBe(true);
    expect(asks(none, { action: 'call', method: 'rpc.methods' })).toBe(false);
  });

  test('requests to a service go by call, not by send', () => {
    const wish: Wish = { action: 'send', destination: '/queue/rpc.disks' };
    expect(asks({ ...none, send: destinations('/queue/#') }, wish)).toBe(false);
    expect(asks({ ...none, call: names('disks') }, wish)).toBe(true);
    expect(asks({ ...none, call: names('disk') }, wish)).toBe(false);
  });

  test('dead letters are a queue of their own, which a right to all queues covers', () => {
    const wish: Wish = { action: 'subscribe', destination: '/queue/dead-letter.work' };
    expect(asks({ ...none, subscribe: destinations('/queue/#') }, wish)).toBe(true);
    expect(asks({ ...none, subscribe: destinations('/queue/work', '/queue/work.#') }, wish)).toBe(false);
  });

  test('serving a service goes by serve, not by subscribe', () => {
    const wish: Wish = { action: 'serve', destination: '/queue/rpc.disks.node7' };
    expect(asks({ ...none, subscribe: destinations('/queue/#') }, wish)).toBe(false);
    expect(asks({ ...none, serve: names('disks.*') }, wish)).toBe(true);
  });
});

test.each<[string, Partial<Rights>, Partial<Rights>, boolean]>([
  ['the same', { call: names('a') }, { call: names('a') }, false],
  ['more now', { call: names('a') }, { call: names('a', 'b') }, false],
  ['wider now', { call: names('a.b') }, { call: names('a.*') }, false],
  ['everything now', { call: names('a') }, { call: 'all' }, false],
  ['one less', { call: names('a', 'b') }, { call: names('a') }, true],
  ['narrower', { call: names('a.#') }, { call: names('a.*') }, true],
  ['everything before', { call: 'all' }, { call: names('#') }, true],
])('one exceeds another: %s', (_, before, now, expected) => {
  expect(exceeds({ ...none, ...before }, { ...none, ...now })).toBe(expected);
});

test('an address that a client of oVirt has made up for its answers takes no right to subscribe, but one to send', () => {
  const id = '4eabb453-0c1d-4b3e-9f55-1d2c3b4a5968';
  for (const destination of [id, `jms.topic.vdsm_responses-${id}`, `node7.${id}`]) {
    expect(asks(none, { action: 'subscribe', destination })).toBe(true);
    expect(asks(none, { action: 'send', destination })).toBe(false);
  }
  for (const destination of ['jms.topic.vdsm_responses', `${id}.below`, `/queue/${id}`, `x${id}`])
    expect(asks(none, { action: 'subscribe', destination })).toBe(false);
});
