// What `authenticate` and `authorize` may be written like; that this compiles is the test.

import { describe, expectTypeOf, test } from 'vitest';
import { type Access, createServer, knownLogins, type ServerOptions } from '../src/index.js';

describe('what somebody wants to do', () => {
  test('can be taken apart, and the action tells which parts there are', () => {
    createServer({
      authorize: ({ action, method, destination }) => {
        expectTypeOf(method).toEqualTypeOf<string | undefined>();
        expectTypeOf(destination).toEqualTypeOf<string | undefined>();
        if (action === 'call') expectTypeOf(method).toEqualTypeOf<string>();
        if (action === 'send') expectTypeOf(destination).toEqualTypeOf<string>();
        if (action === 'connect') expectTypeOf(method ?? destination).toEqualTypeOf<undefined>();
        return method?.startsWith('read.') === true || action === 'connect';
      },
    });
  });

  test('is of the principal that authenticate returns', () => {
    createServer({
      authenticate: ({ token }) => (token === 'barley' ? { name: 'ann', admin: true } : undefined),
      authorize: ({ principal }) => {
        expectTypeOf(principal).toEqualTypeOf<{ name: string; admin: boolean }>();
        return principal.admin;
      },
    });
    createServer({
      authenticate: knownLogins({ ann: 'x' }),
      authorize: ({ principal }) => principal.login === 'ann',
    });
    createServer({
      authenticate: ({ token }) => Promise.resolve(token === 'barley' && { name: 'ann' }),
      // @ts-expect-error it has no such part
      authorize: ({ principal }) => principal.admin === true,
    });
  });

  test('has a principal that nothing is known of where nobody says', () => {
    expectTypeOf<Access['principal']>().toEqualTypeOf<unknown>();
    const options: ServerOptions = { authenticate: () => 'ann', authorize: ({ principal }) => principal === 'ann' };
    createServer(options);
  });
});
