// How passcodes and tokens are stored, and how they are checked.

import { describe, expect, test, vi } from 'vitest';
import { PasscodeCheck } from '../../src/access/passcode-check.js';
import { PasscodeHash } from '../../src/access/passcode-hash.js';
import { hashToken, isTokenHash, newToken } from '../../src/access/token-hash.js';

/** Little work, so that tests do not wait. */
const cheap = { ln: 4, r: 1, p: 1 };

describe('a hash', () => {
  test('is that of one passcode only, and read as it was written', async () => {
    const { text } = await PasscodeHash.of('correct hörse');
    expect(text).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    const read = PasscodeHash.read(text)!;
    expect(await read.matches('correct hörse')).toBe(true);
    expect(await read.matches('correct horse')).toBe(false);
    expect(await read.matches('')).toBe(false);
  });

  test('has a salt of its own', async () => {
    const [one, other] = await Promise.all([PasscodeHash.of('same', cheap), PasscodeHash.of('same', cheap)]);
    expect(one.text).not.toBe(other.text);
  });

  test('is that of RFC 7914, section 12', async () => {
    // N = 1024, r = 8, p = 16: "password", "NaCl".
    const hash = Buffer.from(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830da' +
        'c727afb94a83ee6d8360cbdfa2cc0640',
      'hex',
    );
    const text = `$scrypt$ln=10,r=8,p=16$TmFDbA$${hash.toString('base64').replace(/=+$/, '')}`;
    const read = PasscodeHash.read(text)!;
    expect(await read.matches('password')).toBe(true);
  });

  test.each([
    ['a passcode', 'secret'],
    ['nothing', ''],
    ['another kind', '$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcdef'],
    ['no work', '$scrypt$ln=0,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['gigabytes', '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['hours', '$scrypt$ln=14,r=8,p=99$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['a short hash', '$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA'],
  ])('%s is none', (_, text) => {
    expect(PasscodeHash.read(text)).toBeUndefined();
  });
});

describe('a check', () => {
  async function setUp() {
    const ann = { name: 'ann', passcode: await PasscodeHash.of('anns', cheap) };
    const bob = { name: 'bob' };
    const check = new PasscodeCheck();
    check.forget([ann, bob]);
    return {
      check,
      ann,
      bob,
      ask: (owner: typeof ann | typeof bob | undefined, given: string) => check.check(owner, given, '::1'),
    };
  }

  test('lets in the owner only', async () => {
    const { ann, bob, ask } = await setUp();
    expect(await ask(ann, 'anns')).toBe(true);
    expect(await ask(ann, 'bobs')).toBe(false);
    expect(await ask(bob, 'anns')).toBe(false);
    expect(await ask(bob, '')).toBe(false);
    expect(await ask(undefined, 'anns')).toBe(false);
  });

  test('does the same work for strangers, for users without a passcode and for wrong ones', async () => {
    const { ann, bob, ask } = await setUp();
    const work = vi.spyOn(PasscodeHash.prototype, 'matches');
    for (const owner of [undefined, bob, ann]) await ask(owner, 'wrong');
    expect(work).toHaveBeenCalledTimes(3);
    const costs = work.mock.contexts.map((hash) => (hash as unknown as { text: string }).text.split('$')[2]);
    expect(costs).toEqual(['ln=4,r=1,p=1', 'ln=4,r=1,p=1', 'ln=4,r=1,p=1']);
    work.mockRestore();
  });

  test('one that was right is known again without the work, wrong ones are not', async () => {
    const { ann, ask, check } = await setUp();
    await ask(ann, 'anns');
    const work = vi.spyOn(PasscodeHash.prototype, 'matches');
    expect(await ask(ann, 'anns')).toBe(true);
    expect(work).not.toHaveBeenCalled();
    expect(await ask(ann, 'wrong')).toBe(false);
    expect(work).toHaveBeenCalledTimes(1);
    const changed = { name: 'ann', passcode: await PasscodeHash.of('new', cheap) };
    check.forget([changed]);
    expect(await ask(changed, 'anns')).toBe(false);
    work.mockRestore();
  });

  test('of a plain one takes no time, for strangers neither', async () => {
    const check = new PasscodeCheck();
    const ann = { name: 'ann', passcode: 'anns' };
    check.forget([ann]);
    const work = vi.spyOn(PasscodeHash.prototype, 'matches');
    expect(await check.check(ann, 'anns', '::1')).toBe(true);
    expect(await check.check(ann, 'wrong', '::1')).toBe(false);
    expect(await check.check(undefined, 'anns', '::1')).toBe(false);
    expect(work).not.toHaveBeenCalled();
    work.mockRestore();
  });

  test('runs two at once, and no more', async () => {
    const { ann, ask } = await setUp();
    let running = 0;
    let most = 0;
    const work = vi.spyOn(PasscodeHash.prototype, 'matches').mockImplementation(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return false;
    });
    await Promise.all(Array.from({ length: 20 }, (_, at) => ask(ann, `wrong ${at}`)));
    expect(most).toBe(2);
    expect(work).toHaveBeenCalledTimes(20);
    work.mockRestore();
  });
});

test('a token is random, and its hash tells nothing of it', () => {
  const [one, other] = [newToken(), newToken()];
  expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(one).not.toBe(other);
  expect(isTokenHash(hashToken(one))).toBe(true);
  expect(hashToken(one)).not.toContain(one);
  expect(isTokenHash(one)).toBe(false);
});
