import { describe, expect, it } from 'vitest';
import {
  isRequestQueue,
  matchesTopic,
  parseDestination,
  requestQueueOf,
  topicTokens,
  TopicTree,
} from '../../src/broker/index.js';
import { ProtocolError } from '../../src/errors.js';
import { topicMatches } from '../vectors/topics.js';

describe('parseDestination', () => {
  it.each([
    ['/topic/a.b', 'topic', 'a.b'],
    ['/queue/a', 'queue', 'a'],
    ['/queue/a/b', 'queue', 'a/b'],
    ['/temp-queue/größe', 'temp-queue', 'größe'],
    ['/reply-queue/x', 'reply-queue', 'x'],
    ['/topic/' + 'x'.repeat(248), 'topic', 'x'.repeat(248)],
  ])('%s', (destination, kind, name) => {
    expect(parseDestination(destination)).toEqual({ kind, name });
  });

  it.each([
    '',
    '/',
    'topic/a',
    '/topic',
    '/topic/',
    '/queue/',
    '/Topic/a',
    '/exchange/a',
    ' /topic/a',
    '/temp-queue/',
    'jms.queue.a',
    '/queue/a\nb',
    '/topic/a\r',
    '/queue/\0',
  ])('refuses %j', (destination) => {
    expect(() => parseDestination(destination)).toThrow(expect.objectContaining({ code: 'ERR_DESTINATION' }));
  });

  it.each([
    ['jms.a', 'a destination begins with /topic/, /queue/ or /temp-queue/, not as in "jms.a"'],
    ['\x1b[2J\u202e', 'a destination begins with /topic/, /queue/ or /temp-queue/, not as in "\\u{1b}[2J\\u{202e}"'],
    ['/queue/', '/queue/ must be followed by a name, such as /queue/a'],
    ['/queue/a\nb', 'a destination is one line, without NUL, not as in "/queue/a\\u{a}b"'],
    [
      '/topic/' + 'x'.repeat(249),
      `a destination is at most 255 characters long, not 256 as "/topic/${'x'.repeat(73)}…"`,
    ],
  ])('says what was wrong with %j, and no more of it than can do harm', (destination, message) => {
    expect(() => parseDestination(destination)).toThrow(new ProtocolError('ERR_DESTINATION', message));
  });
});

describe('topicTokens', () => {
  it.each(['a..b', '.a', 'a.', '.', '..'])('refuses empty tokens: %s', (name) => {
    expect(() => topicTokens(name, 'allowed')).toThrow(/empty/);
  });

  it.each(['#.a', 'a.#.b', '#.#'])('refuses # before the end: %s', (name) => {
    expect(() => topicTokens(name, 'allowed')).toThrow(/only at the end/);
  });

  it.each(['*', '#', 'a.*', '*.a', 'a.#'])('refuses wildcards where a message is sent: %s', (name) => {
    expect(() => topicTokens(name, 'refused')).toThrow(ProtocolError);
    expect(topicTokens(name, 'allowed')).toEqual(name.split('.'));
  });

  it('takes * and # inside of a token for themselves', () => {
    expect(topicTokens('a*.#b', 'refused')).toEqual(['a*', '#b']);
  });
});

describe.each(topicMatches)('the pattern $pattern', ({ pattern, matches, others }) => {
  it.each([...matches.map((topic) => [topic, true] as const), ...others.map((topic) => [topic, false] as const)])(
    'matches %s: %s',
    (topic, expected) => {
      expect(matchesTopic(pattern.split('.'), topic.split('.'))).toBe(expected);
      const tree = new TopicTree<string>();
      tree.add(topicTokens(pattern, 'allowed'), 'listener');
      const seen: string[] = [];
      tree.visit(topicTokens(topic, 'refused'), (listener) => seen.push(listener));
      expect(seen).toEqual(expected ? ['listener'] : []);
    },
  );
});

describe('request queues', () => {
  it.each([
    ['/queue/rpc', true],
    ['/queue/rpc.host', true],
    ['/queue/rpcs', false],
    ['/queue/a', false],
    ['/temp-queue/rpc', false],
  ])('%s: %s', (destination, expected) => {
    expect(isRequestQueue(destination)).toBe(expected);
  });

  it('are named by their service', () => {
    expect([requestQueueOf(undefined), requestQueueOf('host')]).toEqual(['/queue/rpc', '/queue/rpc.host']);
  });
});
