// Who is let in by what, and what becomes of those who are there when the table changes.

import type { Access, Credentials, Session } from '@sallyport/node';
import { describe, expect, test } from 'vitest';
import { Authority } from '../../src/access/authority.js';
import { PasscodeHash } from '../../src/access/passcode-hash.js';
import { allRights, type Rights } from '../../src/access/rights.js';
import { hashToken } from '../../src/access/token-hash.js';
import { Principal, type User, Users, type UserTable } from '../../src/access/users.js';
import { authority } from '../fixtures/certificates.js';

const none: Rights = { call: [], subscribe: [], send: [], serve: [] };
const fingerprint = Array(32).fill('AB').join(':');
const passcode = await PasscodeHash.of('anns', { ln: 4, r: 1, p: 1 });
const otherPasscode = await PasscodeHash.of('new', { ln: 4, r: 1, p: 1 });

const ann: User = { name: 'ann', passcode, rights: allRights };
const bot: User = { name: 'bot', token: hashToken('bots token'), rights: none };
const node7: User = { name: 'node7', certificate: 'node7.example', rights: none };
const node8: User = { name: 'node8', certificate: fingerprint, rights: none };
const table: UserTable = { users: [ann, bot, node7, node8] };

const origin = { protocol: 'stomp', transport: 'tcp', secure: false, remoteAddress: '127.0.0.1' } as const;

function certificate(subject: unknown, of = 'CD'): Pick<Credentials, 'peerCertificate'> {
  return { peerCertificate: { subject, fingerprint256: of } } as Pick<Credentials, 'peerCertificate'>;
}

async function nameOf(users: Users, given: Partial<Credentials>): Promise<string | undefined> {
  const principal = await users.authenticate({ ...origin, ...given } as Credentials);
  return principal && (principal.name ?? `stranger by ${principal.by}`);
}

describe('somebody is known by', () => {
  test.each<[string, Partial<Credentials>, string | undefined]>([
    ['login and passcode', { login: 'ann', passcode: 'anns' }, 'ann'],
    ['not by another passcode', { login: 'ann', passcode: 'Anns' }, undefined],
    ['not by a passcode alone', { passcode: 'anns' }, undefined],
    ['not by a login alone', { login: 'ann' }, undefined],
    ['not by the hash', { login: 'ann', passcode: passcode.text }, undefined],
    ['not as another user', { login: 'bot', passcode: 'anns' }, undefined],
    ['a token', { token: 'bots token' }, 'bot'],
    ['a token with its name', { token: 'bots token', login: 'bot' }, 'bot'],
    ['not by a token with another name', { token: 'bots token', login: 'ann' }, undefined],
    ['not by a wrong token beside a right passcode', { token: 'x', login: 'ann', passcode: 'anns' }, undefined],
    ['not by the hash of a token', { token: hashToken('bots token') }, undefined],
    ['a certificate by its common name', certificate({ CN: 'node7.example' }), 'node7'],
    ['a certificate by its fingerprint', certificate({ CN: 'any' }, fingerprint), 'node8'],
    ['a certificate with its name', { login: 'node7', ...certificate({ CN: 'node7.example' }) }, 'node7'],
    ['not by a certificate with another name', { login: 'ann', ...certificate({ CN: 'node7.example' }) }, undefined],
    ['not by a certificate of nobody', certificate({ CN: 'node9.example' }), undefined],
    ['not by a certificate of two names', certificate({ CN: ['node7.example', 'x'] }), undefined],
    ['not by a certificate without a subject', certificate(undefined), undefined],
    ['not by nothing', {}, undefined],
    ['not by names of JavaScript', { login: '__proto__', passcode: 'anns' }, undefined],
  ])('%s', async (_, given, name) => {
    expect(await nameOf(new Users(table), given)).toBe(name);
  });

  test.each<[string, Partial<Credentials>, string | undefined]>([
    ['strangers', {}, 'stranger by nothing'],
    ['who sends empty credentials', { login: '', passcode: '' }, 'stranger by nothing'],
    ['a user', { login: 'ann', passcode: 'anns' }, 'ann'],
    ['not who is wrong', { login: 'ann', passcode: 'x' }, undefined],
    ['not who claims a name', { login: 'ann' }, undefined],
  ])('where anonymous ones may come in: %s', async (_, given, name) => {
    expect(await nameOf(new Users({ ...table, anonymous: none }), given)).toBe(name);
  });

  test.each<[string, Partial<Credentials>, string | undefined]>([
    ['any of ours', certificate({ CN: 'anybody' }), 'anybody'],
    ['a user', certificate({ CN: 'node7.example' }), 'node7'],
    ['not one without a name', certificate({}), undefined],
    ['not one with another name', { login: 'ann', ...certificate({ CN: 'anybody' }) }, undefined],
    ['not without one', {}, undefined],
  ])('where certificates let in: %s', async (_, given, name) => {
    expect(await nameOf(new Users({ ...table, certified: allRights }), given)).toBe(name);
  });
});

describe('another table', () => {
  async function entered(users: Users, given: Partial<Credentials>) {
    return { principal: await users.authenticate({ ...origin, ...given } as Credentials) };
  }

  function may(users: Users, { principal }: { principal: unknown }): boolean {
    const wish = { action: 'call', method: 'a.b', principal, session: undefined as unknown as Session } as Access;
    return users.authorize(wish);
  }

  const asAnn = { login: 'ann', passcode: 'anns' };

  test('what is the same leaves everybody where they are', async () => {
    const users = new Users({ ...table, anonymous: none });
    const sessions = await Promise.all([asAnn, { token: 'bots token' }, {}].map((given) => entered(users, given)));
    const same = { ...table, users: [{ ...ann, passcode: PasscodeHash.read(passcode.text) }, bot], anonymous: none };
    expect(users.replace(same, sessions)).toEqual([]);
    expect(may(users, sessions[0]!)).toBe(true);
  });

  test.each<[string, UserTable]>([
    ['is gone', { users: [bot] }],
    ['has another passcode', { users: [{ ...ann, passcode: otherPasscode }] }],
    ['has less rights', { users: [{ ...ann, rights: none }] }],
  ])('who %s leaves, and may do nothing meanwhile', async (_, next) => {
    const users = new Users(table);
    const session = await entered(users, asAnn);
    expect(may(users, session)).toBe(true);
    expect(users.replace(next, [session])).toEqual([session]);
    expect(may(users, session)).toBe(false);
  });

  test('who may do more may do so at once', async () => {
    const users = new Users(table);
    const session = await entered(users, { token: 'bots token' });
    expect(may(users, session)).toBe(false);
    expect(users.replace({ users: [{ ...bot, rights: { ...none, call: [['a', '*']] } }] }, [session])).toEqual([]);
    expect(may(users, session)).toBe(true);
  });

  test('who has become somebody else leaves with the rights of who subscribed', async () => {
    const users = new Users({ users: [{ ...ann, rights: allRights }, bot] });
    const session: { principal: unknown } = await entered(users, asAnn);
    const { principal } = session;
    const wish = { action: 'subscribe', destination: '/topic/a', principal, session } as unknown as Access;
    expect(users.authorize(wish)).toBe(true);
    session.principal = (await entered(users, { token: 'bots token' })).principal;
    expect(users.replace({ users: [{ ...ann, rights: allRights }, bot] }, [session])).toEqual([]);
    expect(users.replace({ users: [{ ...ann, rights: none }, bot] }, [session])).toEqual([session]);
  });

  test('strangers leave when they are no longer welcome', async () => {
    const users = new Users({ users: [ann], anonymous: allRights });
    const session = await entered(users, {});
    expect(users.replace({ users: [ann] }, [session])).toEqual([session]);
    expect(may(users, session)).toBe(false);
  });

  test('who was removed while the passcode was checked does not come in', async () => {
    const users = new Users(table);
    const entering = entered(users, asAnn);
    users.replace({ users: [bot] }, []);
    expect((await entering).principal).toBeUndefined();
  });
});

test('whoever is not of ours may do nothing', () => {
  const users = new Users(table);
  const session = undefined as unknown as Session;
  for (const principal of [undefined, { name: 'ann', by: 'passcode' }, new Principal('ann', 'passcode', 'x')])
    expect(users.authorize({ action: 'call', method: 'a', principal, session })).toBe(false);
});

describe('another authority', () => {
  const byOld = { ...certificate({ CN: 'node7.example' }), tls: { ca: 'the old one' } } as Partial<Credentials>;
  const stranger = { ...certificate({ CN: 'anybody' }), tls: { ca: 'the old one' } } as Partial<Credentials>;

  async function arrived(users: Users, given: Partial<Credentials>): Promise<Session> {
    return { ...given, principal: await users.authenticate({ ...origin, ...given } as Credentials) } as Session;
  }

  test('ends those who came by certificates that it does not accept, and no others', async () => {
    const users = new Users({ ...table, certified: allRights });
    const passcode = { ...byOld, login: 'ann', passcode: 'anns' };
    const [user, somebody, ann] = await Promise.all([byOld, stranger, passcode].map((one) => arrived(users, one)));
    const own = new Authority((await authority('new')).cert);
    expect(users.replace({ ...table, certified: allRights }, [user!, somebody!, ann!], own)).toEqual([user, somebody]);
    const may = (session: Session) =>
      users.authorize({ action: 'call', method: 'a', principal: session.principal, session } as Access);
    expect([somebody, ann].map((session) => may(session!))).toEqual([false, true]);
  });

  test('holds for a connection that was there before and says only now who it is; for new ones TLS has seen to it', async () => {
    const users = new Users({ ...table, anonymous: none });
    const own = new Authority((await authority('new')).cert);
    users.replace({ ...table, anonymous: none }, [], own);
    expect(await nameOf(users, byOld)).toBe('stranger by nothing');
    expect(await nameOf(users, { ...byOld, login: 'node7' })).toBeUndefined();
    expect(await nameOf(users, { ...byOld, tls: { ca: own.text } } as Partial<Credentials>)).toBe('node7');
  });

  test('that is the same ends nobody', async () => {
    const { cert } = await authority('old');
    const users = new Users(table);
    const user = await arrived(users, { ...byOld, tls: { ca: cert } } as Partial<Credentials>);
    expect(users.replace(table, [user], new Authority(cert))).toEqual([]);
    // Nor does a table that comes later, without a word of authorities.
    expect(users.replace(table, [user])).toEqual([]);
  });
});
