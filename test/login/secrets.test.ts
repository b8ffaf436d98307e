// Where secrets are not, and how they are compared.

import { inspect } from 'node:util';
import { type Credentials, knownLogins, sameSecret } from '@sallyport/node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { arrive, call, fast, newHouse, protocols } from '../fixtures/logins.js';

describe('secrets', () => {
  test('are in no session, no log, no error, and not where they are printed by accident', async () => {
    const secret = 'open-sesame';
    const printed = (['log', 'warn', 'error', 'info', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    onTestFinished(() => printed.forEach((spy) => spy.mockRestore()));
    const said: unknown[] = [];
    const house = await newHouse({
      ...fast,
      onError: (...told) => said.push(told),
      log: (...told) => said.push(told),
      authenticate: (credentials) => {
        said.push(JSON.stringify(credentials), inspect(credentials), { ...credentials });
        if (credentials.token === secret + '!') throw new TypeError(`${secret} is wrong\n    at ${secret}`);
        return credentials.token === secret ? { name: 'ann' } : undefined;
      },
      authorize: ({ action, session }) => {
        said.push(inspect(session, { depth: null }));
        return action !== 'connect' || session.protocol !== 'http';
      },
    });
    house.server.implement({ look: (_params: unknown, call) => void said.push(inspect(call, { depth: null })) });
    for (const protocol of protocols) {
      for (const token of [secret, secret + '!', secret + '?']) {
        const peer = await arrive(house, protocol, token);
        if (token === secret && protocol !== 'HTTP') {
          await until(() => house.server.sessions.size === 1);
          peer.send(call(protocol, 'rpc.authenticate', { token: secret + '!' }, 22));
          peer.send(call(protocol, 'rpc.authenticate', { token: secret + '!', login: 1 }, 23));
          peer.send(call(protocol, 'look', {}, 24));
          await until(() => [22, 23, 24].every((id) => peer.text.includes(`"id":${id}`)));
          for (const session of house.server.sessions)
            said.push(inspect(session, { depth: null, showHidden: true }), JSON.stringify(session));
        } else await until(() => peer.text !== '');
        said.push(peer.text);
        peer.leave();
        await until(() => house.server.sessions.size === 0);
      }
    }
    expect(said.length).toBeGreaterThan(30);
    expect(inspect(said, { depth: null, maxStringLength: null, maxArrayLength: null })).not.toContain(secret);
    expect(inspect(said, { depth: null })).toContain('authenticate threw TypeError');
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test.each<[string | undefined, string | undefined, boolean]>([
    ['a', 'a', true],
    ['é', 'é', true],
    ['a', 'b', false],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['', 'a', false],
    [undefined, 'a', false],
    ['', '', false],
    [undefined, undefined, false],
    ['undefined', undefined, false],
  ])('%j is the secret %j: %s', (given, secret, isSame) => {
    expect(sameSecret(given, secret)).toBe(isSame);
  });

  test('knownLogins knows who it was told, and nobody by a name of a prototype', async () => {
    const check = knownLogins({ ann: 'a:1', bob: undefined, eve: '' });
    const ask = (login?: string, passcode?: string) => check({ login, passcode } as Credentials, { expires: () => {} });
    expect(ask('ann', 'a:1')).toEqual({ login: 'ann' });
    const wrong: [string?, string?][] = [['ann', 'a:2'], ['ann'], ['bob'], ['bob', ''], ['eve', ''], ['x', 'a:1'], []];
    for (const [login, passcode] of [...wrong, ['constructor', 'x'], ['__proto__', ''], ['y', 'x'.repeat(16)]])
      expect(ask(login, passcode)).toBeUndefined();
  });
});
