import { ManualClock } from '@sallyport/core/testing';
import { expect, test } from 'vitest';
import { RefusedLogins } from '../src/refused-logins.js';
import type { Origin } from '../src/session.js';

function setUp() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const refused = new RefusedLogins(clock, (level, message) => void lines.push(`${level}: ${message}`));
  const add = (login: string | undefined, address = '10.0.0.1', more: Partial<Origin> = {}): void => {
    const origin = {
      protocol: 'stomp',
      transport: 'tcp',
      secure: false,
      remoteAddress: address,
      remote: address,
    } as const;
    refused.add(
      { ...origin, ...more },
      { login, passcode: 'secret', token: login === undefined ? 'secret' : undefined },
    );
  };
  return { clock, lines, refused, add };
}

test('one is told at once, with its name, way and address', () => {
  const { lines, add } = setUp();
  add('ann');
  expect(lines).toEqual(['warn: a login was refused: "ann" by stomp over tcp, from 10.0.0.1']);
});

test('few are told one by one, a second apart', () => {
  const { clock, lines, add } = setUp();
  add('ann');
  clock.advance(1000);
  add(undefined, '10.0.0.2', { protocol: 'http', transport: 'http', secure: true });
  add('cid');
  expect(lines).toHaveLength(2);
  clock.advance(1000);
  expect(lines.slice(1)).toEqual([
    'warn: a login was refused: a token by http with TLS, from 10.0.0.2',
    'warn: a login was refused: "cid" by stomp over tcp, from 10.0.0.1',
  ]);
});

test('many are summed up, every ten seconds', () => {
  const { clock, lines, add } = setUp();
  for (let at = 0; at < 25; at++) {
    for (let one = 0; one < 10; one++) add('ann', one < 7 ? '10.0.0.1' : '10.0.0.2');
    clock.advance(1000);
  }
  expect(lines).toEqual([
    'warn: a login was refused: "ann" by stomp over tcp, from 10.0.0.1',
    'warn: 9 logins were refused in the last 1 s, 6 of them from 10.0.0.1, at last "ann" by stomp over tcp',
    'warn: 100 logins were refused in the last 10 s, 70 of them from 10.0.0.1, at last "ann" by stomp over tcp',
    'warn: 100 logins were refused in the last 10 s, 70 of them from 10.0.0.1, at last "ann" by stomp over tcp',
  ]);
  // After a while of quiet one is one again.
  clock.advance(20_000);
  add('bob');
  expect(lines.at(-2)).toMatch(/^warn: 40 logins were refused in the last 10 s/);
  expect(lines.at(-1)).toContain('a login was refused: "bob"');
});

test('what strangers call themselves is one short line', () => {
  const { lines, add } = setUp();
  add(`a\nwarn: b\u001b[2J\u0085\u202e\u2028"${'x'.repeat(1000)}`);
  expect(lines[0]).toMatch(
    /^warn: a login was refused: "a\uFFFDwarn: b\uFFFD\[2J\uFFFD{4}x+…" by stomp over tcp, from 10.0.0.1$/,
  );
  expect(lines[0]!.length).toBeLessThan(150);
});

test('no more is remembered of addresses than there is room for, and a log that throws does no harm', () => {
  const { clock, lines, add } = setUp();
  for (let at = 0; at < 5000; at++) add('ann', `10.0.${at >> 8}.${at & 255}`);
  clock.advance(1000);
  expect(lines.at(-1)).toMatch(/^warn: 4999 logins were refused in the last 1 s, 1 of them from /);
  const throwing = new RefusedLogins(clock, () => {
    throw new Error('full');
  });
  const origin = { protocol: 'stomp', transport: 'tcp', secure: false, remoteAddress: '::1', remote: '::1' } as const;
  expect(() => throwing.add(origin, {})).not.toThrow();
});

test('what waits to be told is told at the end', () => {
  const { lines, add, refused } = setUp();
  add('ann');
  add('bob');
  add('cid');
  refused.close();
  expect(lines.at(-1)).toBe(
    'warn: 2 logins were refused in the last 1 s, all from 10.0.0.1, at last "cid" by stomp over tcp',
  );
});
