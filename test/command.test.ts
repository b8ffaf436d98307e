// The command `sallyport`, started the way npm starts it: what it prints in a pipe, and its exit codes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Credentials, selfSigned } from '@sallyport/node';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { listening } from '../packages/node/test/fixtures/sockets.js';
import { buildIfStale } from '../scripts/setup.mjs';
import { sallyport, sallyportWith, startCommand } from './fixtures/command.js';
import { type House, startHouse } from './fixtures/house.js';

let house: House;

beforeAll(async () => {
  buildIfStale();
  house = await startHouse();
  house.server.implement({ give: (params: unknown) => params });
  return () => house.close();
}, 120_000);

describe('call', () => {
  test.each(['tcp', 'tls', 'ws', 'wss'] as const)('prints a line of JSON, over %s', async (scheme) => {
    const { code, out } = await sallyport('call', house.urls[scheme], 'give', '{"a":["ä",1]}', '--insecure');
    expect({ code, out }).toEqual({ code: 0, out: '{"a":["ä",1]}\n' });
  });

  test('trusts the authority that --ca names, and says what is wrong without it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, house.certificate);
    const url = house.urls.tls.replace('127.0.0.1', 'localhost');
    expect(await sallyport('call', url, 'give', '[1]', '--ca', file)).toMatchObject({ code: 0, out: '[1]\n' });
    const refused = await sallyport('call', url, 'give', '[1]');
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/certificate is not trusted.*--ca/) });
  });

  test.each<[string, string[], number, RegExp]>([
    ['an unknown method', ['TCP', 'nothing'], 1, /^error -32601: Method not found: nothing\n$/],
    ['no host', ['tcp:/127.0.0.1:1', 'give'], 2, /the URL names no host: it is written tcp:/],
    ['a login in the URL', ['tcp://ann:rye@127.0.0.1:1', 'give'], 2, /a login in the URL is not read: .* --login/],
    ['a path', ['tls://127.0.0.1:1/a', 'give'], 2, /the URL must end with host and port, without a\n/],
    ['a port too high', ['tcp://127.0.0.1:99999', 'give'], 2, /the port of the URL must be from 1 to 65535, not 99999/],
    ['nobody there', ['tcp://127.0.0.1:1', 'give'], 1, /cannot connect.*\(sent: no\)/],
    ['no method', ['TCP'], 2, /METHOD is missing: URL METHOD \[PARAMS\]/],
    ['nothing', [], 2, /URL and METHOD are missing/],
    ['params that were not quoted', ['TCP', 'give', '[1,', '2]'], 2, /2\] is too much .*quotes/],
    ['params that are not JSON', ['TCP', 'give', '{a}'], 2, /PARAMS is not JSON/],
    ['params that are no object', ['TCP', 'give', '1'], 2, /PARAMS must be/],
    ['another scheme', ['http://127.0.0.1', 'give'], 2, /tcp:\/\/, tls:\/\/, ws:\/\/ or wss:\/\//],
    ['an unknown option', ['TCP', 'give', '--wrong'], 2, /--wrong/],
  ])('%s', async (_, args, code, message) => {
    const ended = await sallyport('call', ...args.map((arg) => (arg === 'TCP' ? house.urls.tcp : arg)));
    expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });

  test.each([
    ['tcp', /the server did not answer CONNECT within 300 ms \(--timeout\)/],
    ['tls', /127.0.0.1:\d+ did not answer within 300 ms \(--timeout\)/],
    ['ws', /127.0.0.1:\d+ did not answer within 300 ms \(--timeout\)/],
  ])('--timeout bounds the wait for a connection, too, over %s', async (scheme, message) => {
    const { port } = await listening((socket) => socket.on('error', () => {}));
    const ended = await sallyport('call', `${scheme}://127.0.0.1:${port}`, 'give', '--timeout', '300');
    expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringMatching(message) });
  });

  test('says what is wrong with certificates and keys, on one line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [ours, theirs] = [await selfSigned(), await selfSigned()];
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const files = { cert: file('cert', ours.cert), key: file('key', ours.key), other: file('other', theirs.key) };
    const { port } = await startCommand(['serve', '--cert', files.cert, '--key', files.key, '--client-ca', files.cert]);
    for (const [code, args, message] of [
      [1, ['--insecure'], 'asks for a client certificate: say it by --cert and --key'],
      [1, ['--ca', files.cert, '--servername', 'a.example'], '--servername NAME says whose it is'],
      [
        2,
        ['--cert', files.cert, '--key', files.other],
        `${files.other} is not the key of the certificate ${files.cert}`,
      ],
      [2, ['--cert', files.key, '--key', files.key], `--cert: ${files.key} is no certificate in PEM`],
      [2, ['--ca', files.key], `--ca: ${files.key} is no certificate in PEM`],
    ] as const) {
      const ended = await sallyport('call', `tls://127.0.0.1:${port}`, 'give', ...args);
      expect(ended).toMatchObject({ code, out: '', err: expect.stringContaining(message) });
      expect(ended.err.trimEnd().split('\n'), message).toHaveLength(code);
    }
  });

  test('says of a call that is too long for the server why it was given up', async () => {
    const { port } = await startCommand(['serve', '--limit', 'body=1000']);
    const url = `tcp://127.0.0.1:${port}`;
    const { code, err } = await sallyport('call', url, 'give', JSON.stringify(['x'.repeat(2000)]));
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/before the answer came: .*limits\.body.*sent: /),
    });
  });

  test('says which way to try where TLS is spoken, or is not', async () => {
    const required = await startCommand(['serve', '--tls', 'required']);
    const plain = await startCommand(['serve']);
    for (const [from, to, { port }] of [
      ['tcp', 'tls', required],
      ['ws', 'wss', required],
      ['tls', 'tcp', plain],
      ['wss', 'ws', plain],
    ] as const) {
      const ended = await sallyport('call', `${from}://127.0.0.1:${port}`, 'give', '--insecure');
      expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringContaining(`connect by ${to}://`) });
      expect(ended.err.trimEnd().split('\n'), from).toHaveLength(1);
    }
  });
});

describe('who we are', () => {
  const guarded = async () => {
    const authenticate = ({ token, login, passcode }: Credentials) =>
      token === 'barley' || (login === 'ann' && passcode === 'sesame') || undefined;
    const server = createServer({ authenticate });
    onTestFinished(() => server.close());
    server.implement({ who: () => 'somebody' });
    const { port } = await server.listen({ port: 0 });
    return `tcp://127.0.0.1:${port}`;
  };

  test.each<[string[], Record<string, string>]>([
    [['--token', 'barley'], {}],
    [[], { SALLYPORT_TOKEN: 'barley' }],
    [['--token', 'barley'], { SALLYPORT_TOKEN: 'wheat' }],
    [['--login', 'ann', '--passcode', 'sesame'], {}],
    [['--login', 'ann'], { SALLYPORT_PASSCODE: 'sesame', SALLYPORT_TOKEN: 'wheat' }],
  ])('%j with %j comes in', async (args, env) => {
    const { code, out } = await sallyportWith({ env }, 'call', await guarded(), 'who', ...args);
    expect({ code, out }).toEqual({ code: 0, out: '"somebody"\n' });
  });

  test.each<[string[], string]>([
    [[], 'say who you are, by --login'],
    [['--token', 'wheat'], 'check the token (--token or SALLYPORT_TOKEN)'],
    [['--login', 'ann', '--passcode', 'rye'], 'check --login ann and the passcode (--passcode or SALLYPORT_PASSCODE)'],
  ])('%j is refused, and told what to look at', async (args, hint) => {
    const { code, err } = await sallyport('call', await guarded(), 'who', ...args);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(hint) });
    expect(err).not.toContain('rye');
  });

  test.each<[string[], string]>([
    [['--login', 'ann'], '--login ann needs a passcode: set SALLYPORT_PASSCODE in the environment, or say --passcode'],
    [['--login', 'ann', '--passcode', ''], '--passcode must not be empty'],
    [['--login', '', '--passcode', 'x'], '--login must be a name, not empty'],
    [['--passcode', 'x'], '--passcode needs --login NAME, whose it is'],
    [['--token', ''], '--token must not be empty'],
    [['--cert', 'a.pem'], '--cert needs --key FILE, the key of the certificate'],
    [['--key', 'a.pem'], '--key needs --cert FILE, the certificate it is of'],
    [['--ca', 'nothing.pem'], '--ca: cannot read nothing.pem: ENOENT'],
  ])('half of it is refused: %j', async (args, message) => {
    for (const command of ['call', 'watch']) {
      const { code, err } = await sallyport(command, house.urls.tls, 'give', ...args);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    }
  });
});

describe('watch', () => {
  test('prints a line for each event, and ends after as many as were asked for', async () => {
    const events = setInterval(() => house.server.emit('host.tick', { at: 1 }), 20);
    onTestFinished(() => clearInterval(events));
    const { code, out } = await sallyport('watch', house.urls.wss, 'host.*', '-k', '--count', '2');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(code).toBe(0);
    const line = { name: 'host.tick', data: { at: 1 }, cursor: expect.stringMatching(/^\w+:\d+$/) };
    expect(lines).toEqual([line, line]);
  });

  test('of what may not be subscribed says so, on one line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'serve.json');
    writeFileSync(file, JSON.stringify({ anonymous: { rights: { subscribe: ['/topic/public.#'] } } }));
    const { port } = await startCommand(['serve', '--config', file]);
    expect(await sallyport('watch', `tcp://127.0.0.1:${port}`, 'host.*')).toEqual({
      code: 1,
      out: '',
      err:
        'sallyport: not allowed to watch host.*: it takes a right to subscribe /topic/host.*; ' +
        'say who has it by --login or --token\n',
    });
  });

  test('a pattern that is none is a mistake of the command line', async () => {
    const ended = await sallyport('watch', house.urls.tcp, 'a..b');
    expect(ended).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('PATTERN: a topic has no empty tokens'),
    });
  });
});

describe('the command itself', () => {
  test.each<[string[], number]>([
    [[], 2],
    [['--help'], 0],
    [['--version'], 0],
    [['nonsense'], 2],
    [['demo', '--port', 'x'], 2],
    [['demo', '--cert', 'a.pem'], 2],
    [['demo', '--host', '0.0.0.0', '--port', '0'], 2],
  ])('%j: %i', async (args, code) => {
    expect((await sallyport(...args)).code).toBe(code);
  });

  test.each<[string[], string, string]>([
    [['call', '--tiemout', '5'], 'there is no option --tiemout; did you mean --timeout?', 'sallyport call --help'],
    [['call', '--bananas'], 'there is no option --bananas', 'sallyport call --help'],
    [['serve', '-x'], 'there is no option -x', 'sallyport serve --help'],
    [['watch', '--login'], '--login needs a value behind it', 'sallyport watch --help'],
    [['demo', '--login', '--port', '1'], '--login needs a value behind it; one that begins', 'sallyport demo --help'],
    [['demo', '--insecure=yes'], '--insecure takes no value, so not yes', 'sallyport demo --help'],
    [['demo', 'now'], 'now is too much: this takes nothing but options', 'sallyport demo --help'],
    [['demo', '--limit', 'bdoy=1'], '--limit: there is no limit bdoy; did you mean body?', 'sallyport demo --help'],
    [['passcode', '--tokne'], 'there is no option --tokne; did you mean --token?', 'sallyport passcode --help'],
    [['dmeo'], 'there is no command dmeo; did you mean demo?', 'sallyport --help'],
    [['nonsense'], 'there is no command nonsense', 'sallyport --help'],
  ])('%j: a line of what is wrong, and one of where to read on', async (args, message, hint) => {
    const { code, out, err } = await sallyport(...args);
    const [wrong, more, ...rest] = err.trimEnd().split('\n');
    expect({ code, out, wrong, more, rest }).toEqual({
      code: 2,
      out: '',
      wrong: expect.stringMatching(startingWith(`sallyport: ${message}`)),
      more: `${hint} tells more`,
      rest: [],
    });
    if (!message.includes('did you mean')) expect(err).not.toContain('did you mean');
  });

  test('demo says what to paste, as its own options make it necessary, and no secret', async () => {
    const env = { SALLYPORT_PASSCODE: 'sesame' };
    const demo = await startCommand(['demo', '--login', 'ann lee', '--tls', 'required'], { env });
    const hints = await demo.told(/In another shell.*?Ctrl-C/s);
    expect(hints).toContain("where the first line waits for ann lee's passcode");
    expect(hints).toContain('read -rs SALLYPORT_PASSCODE');
    expect(hints).not.toContain('sesame');
    const [line] = /npx sallyport call (.*)/.exec(hints)!;
    expect(line).toContain("--login 'ann lee'");
    const words = line.replace('npx sallyport ', '').match(/'[^']*'|\S+/g)!;
    const { code, out } = await sallyportWith({ env }, ...words.map((word) => word.replaceAll("'", '')));
    expect({ code, out: JSON.parse(out) as unknown }).toMatchObject({ code: 0, out: { host: expect.any(String) } });
  });

  test('demo lets in the pages of --origin, says where it is, and ends when it is asked to', async () => {
    const demo = await startCommand(['demo', '--origin', 'https://a.example', '--origin', 'https://b.example']);
    const url = `ws://127.0.0.1:${demo.port}`;
    expect(await opens(url, 'https://a.example')).toBe(true);
    expect(await opens(url, 'https://b.example')).toBe(true);
    expect(await opens(url, 'https://c.example')).toBe(false);
    demo.signal('SIGTERM');
    expect(await demo.ended).toMatchObject({ code: 0, err: expect.stringMatching(/^draining …$/m) });
  });
});

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}

/** Whether a page of that origin gets a WebSocket. */
function opens(url: string, origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, ['v12.stomp'], { origin });
    socket.once('open', () => resolve(true)).once('error', () => resolve(false));
    socket.once('open', () => socket.close());
  });
}
