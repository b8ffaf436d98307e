// What every client of XML-RPC may expect, as seen by programs that use the one of their language. Each case is a name,
// which the program prints its observations under, and what those must be.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knownLogins } from '@sallyport/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type House, startHouse } from '../fixtures/house.js';
import { type Program, runProgram } from '../fixtures/program.js';

/** What texts must survive. */
const TEXT = 'Grüße 🚪 <b> & ]]> "x"';

/** Dates are told as the specification writes them, bytes as hexadecimal digits. */
const common = {
  /** What comes: all types. */
  sample: () => ({
    int: -41,
    yes: true,
    no: false,
    text: TEXT,
    empty: '',
    double: -12.5,
    small: 1.5e-7,
    date: '19980717T14:08:55',
    bytes: '00ff10',
    list: [1, ['two', []]],
    struct: { 'a b': { c: 3 } },
  }),
  /** What a handler gets of what is sent. */
  kinds: () => ({
    int: 'number -41',
    yes: 'boolean true',
    no: 'boolean false',
    text: `string ${TEXT}`,
    empty: 'string ',
    double: 'number -12.5',
    date: 'Date 1998-07-17T14:08:55.000Z',
    bytes: 'bytes 00ff10',
    list: 'array [1,["two",[]]]',
    struct: 'object {"a b":{"c":3}}',
    none: 'undefined undefined',
    several: 'array [1,"two"]',
  }),
  add: () => 5,
  fault: () => [4001, 'the door is locked'],
  crash: () => [-32603, 'Internal error'],
  unknown: () => [-32601, 'Method not found: no.such.method'],
  multicall: () => [[5], 4001, ['again'], -32601, -32600],
  introspection: () => ({
    listed: ['house.add', 'rpc.methods', 'system.listMethods', 'system.multicall'],
    help: '',
    signature: 'undef',
    own: [['string', 'string']],
  }),
  large: () => ({ length: 1_250_000, same: true }),
  'too-large': () => 413,
  many: () => 100,
  tls: () => 5,
  login: () => ({ right: 'ann', wrong: true }),
};

/** Numbers of more than 32 bits, and nothing, which the specification did not have in the beginning. */
export const extensions = {
  nil: () => ({ came: null, kind: 'object null' }),
  long: () => ({ came: 9007199254740991, kind: 'number -9007199254740991' }),
};

/** What a program must have seen, by the name of the case. */
export type XmlRpcCases = Record<string, () => unknown>;

export interface XmlRpcClient {
  /** The name of the package. */
  name: string;
  command: string;
  /** In test/interop/programs. */
  program: string;
  /** Cases of this client alone, and common ones that it sees otherwise; undefined leaves one out. */
  cases?: Record<string, (() => unknown) | undefined>;
}

export function xmlRpcClient({ name, command, program: file, cases }: XmlRpcClient): void {
  let program: Program;
  const endings: (() => unknown)[] = [];
  beforeAll(async () => {
    const [house, guarded] = await Promise.all([openHouse(), guardedHouse()]);
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, house.certificate);
    const given = { port: house.port, guarded: guarded.port, ca, text: TEXT };
    program = runProgram(command, [join(import.meta.dirname, '../interop/programs', file), JSON.stringify(given)]);
    endings.push(
      () => program.end(),
      () => Promise.all([house.close(), guarded.close()]),
      () => rmSync(folder, { recursive: true }),
    );
  });
  afterAll(async () => {
    for (const end of endings) await end();
  });

  describe(name, () => {
    for (const [title, expected] of Object.entries({ ...common, ...cases })) {
      if (expected === undefined) continue;
      test(title, { timeout: 45_000 }, async () => {
        expect(await program.outcome(title)).toEqual(expected());
      });
    }
  });
}

async function openHouse(): Promise<House> {
  const house = await startHouse({ xmlRpc: true });
  house.server.implement({
    xml: {
      echo: (params: unknown) => params,
      kind: kindOf,
      nil: () => null,
      long: () => Number.MAX_SAFE_INTEGER,
      sample: () => ({
        int: -41,
        yes: true,
        no: false,
        text: TEXT,
        empty: '',
        double: -12.5,
        small: 1.5e-7,
        date: new Date('1998-07-17T14:08:55Z'),
        bytes: Uint8Array.of(0, 255, 16),
        list: [1, ['two', []]],
        struct: { 'a b': { c: 3 } },
      }),
    },
  });
  return house;
}

async function guardedHouse(): Promise<House> {
  const house = await startHouse({
    xmlRpc: true,
    authenticate: knownLogins({ ann: 'se:cret' }),
    limits: { loginPause: 20 },
  });
  house.server.implement({
    whoAmI: (_params: unknown, { principal }) => (principal as { login: string }).login,
  });
  return house;
}

function kindOf(value: unknown): string {
  if (value instanceof Date) return `Date ${value.toISOString()}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  const kind = Array.isArray(value) ? 'array' : typeof value;
  return `${kind} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
