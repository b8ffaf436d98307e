// Everything that looks at the first bytes of a connection: which protocol, whose, for which name. Asked at every prefix,
// and once sure never of another opinion.

import { isIP } from 'node:net';
import { readAuthorization } from '../../packages/node/src/access.js';
import { readClientHello } from '../../packages/node/src/client-hello.js';
import { detect, makeDetectors } from '../../packages/node/src/detectors.js';
import { hostAllowed } from '../../packages/node/src/http/host.js';
import { defaultServerLimits } from '../../packages/node/src/limits.js';
import { readProxyHeader, seemsProxied } from '../../packages/node/src/proxy-protocol.js';
import { originAllowed } from '../../packages/websocket/src/origin.js';
import { check, checkSame, octetsOf, type Target } from '../target.js';

const MOST = 600;

/** Asks at every prefix; checks that what was decided stays so. */
function prefixes<T>(input: Uint8Array, ask: (head: Buffer) => T, isOpen: (verdict: T) => boolean): T | undefined {
  let decided: T | undefined;
  for (let length = 0; length <= Math.min(input.length, MOST); length++) {
    const verdict = ask(Buffer.from(input.subarray(0, length)));
    if (decided !== undefined) checkSame(verdict, decided, `with ${length} bytes and before`);
    else if (!isOpen(verdict)) decided = verdict;
  }
  return decided;
}

const detectorWords = [
  'CONNECT',
  'STOMP',
  '\n',
  '\r\n',
  '\r',
  'GET ',
  'POST / HTTP/1.1',
  'PROXY ',
  '{',
  '[',
  ' ',
  '\t',
  '\x16\x03\x01',
  '-',
];

export const detectors: Target = {
  name: 'detectors',
  words: detectorWords,
  seeds: [
    'CONNECT\n',
    '\r\n\nSTOMP\r\n',
    'GET / HTTP/1.1\r\n',
    ' \n{"jsonrpc"',
    '\x16\x03\x01\x02\0',
    'CONNECT h:443 HTTP/1.1',
    '\n'.repeat(9),
  ],
  run(input) {
    const { leadingEols, sniffBytes } = defaultServerLimits;
    const asked = makeDetectors({ leadingEols });
    for (const name of Object.keys(asked) as (keyof typeof asked)[]) {
      prefixes(
        input,
        (head) => asked[name](head),
        (verdict) => verdict === 'more',
      );
    }
    const head = input.subarray(0, sniffBytes);
    const sure = Object.values(asked).filter((detector) => detector(head) === 'yes');
    check(sure.length <= 1, 'two protocols are recognized');
    const found = prefixes(
      input,
      (first) => detect(first, asked, sniffBytes) ?? 'none',
      (verdict) => verdict === 'more',
    );
    check(found !== undefined || input.length < sniffBytes, 'undecided after as many bytes as there may be');
  },
};

const signature = '\r\n\r\n\0\r\nQUIT\n';

export const proxyHeader: Target = {
  name: 'proxy-header',
  words: [
    'PROXY ',
    'TCP4 ',
    'TCP6 ',
    'UNKNOWN',
    '1.2.3.4',
    '::1',
    '::ffff:1.2.3.4',
    'fe80::1%eth0',
    ' 0 ',
    '65535',
    '\r\n',
    signature,
    '\x21\x11\0\x0c',
    '\x20\0\0\0',
  ],
  seeds: [
    'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nCONNECT\n',
    'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n',
    'PROXY UNKNOWN ffff::1 whatever\r\n',
    `${signature}\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbbCONNECT`,
    `${signature}\x21\x21\0\x24${'\0'.repeat(15)}\x01${'\0'.repeat(15)}\x01\0\x50\x01\xbb`,
    `${signature}\x20\0\0\0`,
    `${signature}\x21\x11\0\x13\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbb\x04\0\x04abcd`,
  ],
  run(input) {
    const header = prefixes(
      input,
      (head) => readProxyHeader(head) ?? 'none',
      (verdict) => verdict === 'more',
    );
    check(header !== undefined || input.length < 536, 'undecided after as many bytes as there may be');
    if (typeof header === 'object') {
      check(header.length > 0 && header.length <= Math.min(input.length, 536), `a header of ${header.length} bytes`);
      check(header.address === undefined || isIP(header.address) !== 0, `no address: ${header.address}`);
      check(seemsProxied(Buffer.from(input)), 'a header that does not seem to be one');
    }
  },
};

/** A ClientHello in one record: a name, and protocols (RFC 8446, section 4.1.2). */
function clientHello(name: string | undefined, protocols: readonly string[]): string {
  const sized = (text: string, bytes: number): string => {
    const digits = Array.from({ length: bytes }, (_, at) => (text.length >> (8 * (bytes - 1 - at))) & 255);
    return String.fromCharCode(...digits) + text;
  };
  const serverName = name === undefined ? '' : '\0\0' + sized(sized('\0' + sized(name, 2), 2), 2);
  const alpn =
    protocols.length === 0 ? '' : '\0\x10' + sized(sized(protocols.map((one) => sized(one, 1)).join(''), 2), 2);
  const body = '\x03\x03' + 'r'.repeat(32) + sized('s'.repeat(32), 1) + sized('\x13\x01', 2) + sized('\0', 1);
  return '\x16\x03\x01' + sized('\x01' + sized(body + sized(serverName + alpn, 2), 3), 2);
}

export const clientHellos: Target = {
  name: 'client-hello',
  words: [
    '\x16\x03\x01',
    '\x16\x03\x01\0\x01',
    '\x01\0',
    '\0\0',
    '\0\x10',
    '\xff\xff',
    'example.org',
    '\x02h2',
    '\x05stomp',
    '\x08http/1.1',
  ],
  seeds: [
    clientHello('node7.example', ['stomp', 'http/1.1']),
    clientHello(undefined, []),
    clientHello('a', []),
    clientHello(undefined, ['h2']),
    // In records of one byte each.
    [...clientHello('b.example', ['stomp']).slice(5)].map((byte) => '\x16\x03\x01\0\x01' + byte).join(''),
  ],
  run(input) {
    const hello = prefixes(
      input,
      (head) => readClientHello(head) ?? 'none',
      (verdict) => verdict === 'more',
    );
    const whole = readClientHello(Buffer.from(input));
    if (typeof hello === 'object') checkSame(whole, hello, 'whole and at first');
    if (typeof whole === 'object') check(typeof whole.hasAlpn === 'boolean', 'it is not said whether there is ALPN');
  },
};

export const authorization: Target = {
  name: 'authorization',
  weight: 0.25,
  words: ['Basic ', 'Bearer ', 'basic', ' ', '=', '==', ':', 'Og==', 'YTpi', 'YTpiOmM=', '/w==', '\xe9', 'Digest '],
  seeds: ['Basic YTpi', 'Bearer abc.def', 'basic Og==', 'Basic', 'Bearer  x', ''],
  run(input) {
    const header = octetsOf(input);
    const given = readAuthorization(header);
    const known = ['login', 'passcode', 'token'];
    for (const [name, value] of Object.entries(given)) {
      check(known.includes(name) && typeof value === 'string', `${name} is ${String(value)}`);
    }
    check(given.token === undefined || /^bearer\b/i.test(header), 'a token that nobody gave');
    check(given.login === undefined || /^basic\b/i.test(header), 'a login that nobody gave');
    check(!(given.login ?? '').includes(':'), 'the login has a colon');
    check((given.login === undefined) === (given.passcode === undefined), 'a login without a passcode');
  },
};

export const originAndHost: Target = {
  name: 'origin-and-host',
  weight: 0.25,
  words: [
    'http://',
    'https://',
    'null',
    'localhost',
    '127.0.0.1',
    '[::1]',
    ':80',
    ':443',
    ':',
    '@',
    '/',
    'a.example',
    '.',
    '\0',
    '%2e',
    '\xe9',
    '?',
  ],
  seeds: [
    'http://localhost:80\0localhost',
    'https://a.example\0A.example:443',
    'null\0h',
    'http://u@127.0.0.1\x00127.0.0.1',
    'a\0',
  ],
  run(input) {
    const [origin = '', host = ''] = octetsOf(input).split('\0');
    const sameHost = originAllowed(origin, host);
    check(!sameHost || origin.toLowerCase() !== 'null', 'a sandbox is let in');
    check(!originAllowed(origin, 'b.example:1') || /b\.example:1/i.test(origin), `${origin} is taken for b.example:1`);
    check(!hostAllowed(host, ['localhost']) || /^localhost(:\d*)?$/i.test(host), `${host} is taken for localhost`);
  },
};
