// What is said to the live server, before it is mutated: each protocol in good order, and the words of all of them.

import { bytesOf } from '../target.js';
import { ovirtWords } from '../targets/ovirt.js';
import { xmlWords } from '../targets/xml-rpc.js';

const call = (method: string, params: unknown = {}, id = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

const calls = [
  call('fuzz.add', { a: 1, b: 2 }),
  call('fuzz.echo', { text: 'é€😀', list: [1, [2, [3]]] }),
  call('fuzz.fail'),
  call('fuzz.crash'),
  call('fuzz.later', {}, 7),
  call('rpc.methods'),
  call('rpc.subscribe', { pattern: 'ti*' }),
  call('rpc.subscribe', ['#']),
  call('rpc.unsubscribe', { pattern: '#' }),
  call('rpc.authenticate', { token: 'y' }),
  call('rpc.authenticate', { login: 'x', passcode: 'z' }),
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}',
  `[${call('fuzz.add', [1])},1,{}]`,
];
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

const hello = (version: string): string => `CONNECT\naccept-version:${version}\nhost:h\nheart-beat:0,0\n\n\0`;
/** The live server refuses whoever is called x. */
const stranger = 'CONNECT\naccept-version:1.2\nhost:h\nlogin:x\npasscode:y\n\n\0';
const stompBodies = [
  ...calls.map((text) => `SEND\ndestination:/queue/rpc\nreply-to:/temp-queue/a\n\n${utf8(text)}\0`),
  'SUBSCRIBE\nid:1\ndestination:/topic/#\n\n\0SEND\ndestination:/topic/a.b\n\nx\0',
  'SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\n\n\0SEND\ndestination:/queue/a\nreceipt:r\n\nx\0ACK\nid:1-1\n\n\0',
  'SUBSCRIBE\nid:1\ndestination:/queue/b\nack:client-individual\n\n\0SEND\ndestination:/queue/b\n\nx\0NACK\nid:1-1\n\n\0',
  'BEGIN\ntransaction:t\n\n\0SEND\ntransaction:t\ndestination:/queue/c\n\nx\0COMMIT\ntransaction:t\n\n\0',
  'SUBSCRIBE\nid:1\ndestination:/queue/rpc.s\n\n\0SEND\ndestination:/queue/rpc.s\nreply-to:/temp-queue/a\n\n{}\0DISCONNECT\nreceipt:r\n\n\0',
];

/** STOMP, from CONNECT on. */
export const stomp = [
  bytesOf(stranger),
  ...['1.0', '1.1', '1.2'].flatMap((version) => stompBodies.map((rest) => bytesOf(hello(version) + rest))),
];

const vdsmGreetings = ['CONNECT\naccept-version:1.2\nheart-beat:0,1000\n\n\0', ''];
const vdsmSubscribe = 'SUBSCRIBE\ndestination:r1\nid:1\n\n\0SUBSCRIBE\ndestination:jms.queue.events\nid:2\n\n\0';
const vdsmRequests = [
  ...calls.map((text) => `SEND\ndestination:jms.topic.vdsm_requests\nreply-to:r1\n\n${utf8(text)}\0`),
  'SEND\ndestination:r1.a\n\nx\0SEND\ndestination:none\n\nx\0',
  'UNSUBSCRIBE\nid:1\n\n\0DISCONNECT\nreceipt:1\n\n\0',
];

/** oVirt's dialect, with CONNECT and without it, as engine and hosts that have certificates do. */
export const dialect = vdsmGreetings.flatMap((greeting) =>
  vdsmRequests.map((rest) => bytesOf(greeting + vdsmSubscribe + rest)),
);

/** JSON-RPC, one text a line or a message. */
export const texts = calls.map((text) => bytesOf(utf8(text)));
export const lines = [...calls, calls.join('\n')].map((text) => bytesOf(utf8(text) + '\n'));

const post = (body: string, ...headers: string[]): string =>
  ['POST /rpc HTTP/1.1', 'host: localhost', 'content-type: application/json', ...headers, '', body].join('\r\n');

/** What comes before a body of so many bytes. */
export function postHead(path: string, type: string, length: number): Uint8Array {
  const headers = ['host: localhost', `content-type: ${type}`, `content-length: ${length}`];
  return bytesOf([`POST ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
}

const xmlCall = (method: string, ...params: string[]): string =>
  `<?xml version="1.0"?>\n<methodCall><methodName>${method}</methodName><params>` +
  params.map((value) => `<param><value>${value}</value></param>`).join('') +
  '</params></methodCall>';
const xmlStruct = (name: string, value: string): string =>
  `<struct><member><name>${name}</name><value>${value}</value></member></struct>`;

/** XML-RPC, the bodies. */
export const xmlCalls = [
  xmlCall('fuzz.add', xmlStruct('a', '<i4>1</i4>')),
  xmlCall('fuzz.echo', '<array><data><value><nil/></value><value><base64>AAE=</base64></value></data></array>'),
  xmlCall('fuzz.echo', '<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>', '<double>-1.5</double>'),
  xmlCall('fuzz.fail'),
  xmlCall('fuzz.crash'),
  xmlCall('fuzz.later'),
  xmlCall('system.listMethods'),
  xmlCall('system.methodHelp', 'fuzz.add'),
  xmlCall('system.multicall', `<array><data><value>${xmlStruct('methodName', 'fuzz.crash')}</value></data></array>`),
].map(bytesOf);

export const xml = xmlCalls.map((body) => Buffer.concat([postHead('/RPC2', 'text/xml', body.length), body]));

export const http = [
  ...calls.map((text) => post(utf8(text), `content-length: ${utf8(text).length}`)),
  post(`5\r\n{"jso\r\n0\r\n\r\n`, 'transfer-encoding: chunked'),
  post('{}', 'content-length: 2', 'expect: 100-continue', 'origin: http://localhost'),
  post('', 'content-length: 0', 'authorization: Basic YTpi', 'connection: close'),
  post('', 'content-length: 0', 'authorization: Bearer x'),
  ...[
    'GET / HTTP/1.1',
    'GET /healthz HTTP/1.1',
    'OPTIONS /rpc HTTP/1.1',
    'HEAD /../x HTTP/1.0',
    'GET http://localhost/ HTTP/1.1',
    'CONNECT h:1 HTTP/1.1',
  ].map((line) => `${line}\r\nhost: localhost\r\n\r\n`),
  'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(20),
].map(bytesOf);

/** The request for a WebSocket. */
export function upgrade(protocol: string | undefined): Uint8Array {
  const headers = protocol === undefined ? [] : [`sec-websocket-protocol: ${protocol}`];
  const key = ['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='];
  const lines = ['GET / HTTP/1.1', 'host: localhost', 'upgrade: websocket', 'connection: upgrade', ...key, ...headers];
  return bytesOf([...lines, '', ''].join('\r\n'));
}

const signature = '\r\n\r\n\0\r\nQUIT\n';

/** What else may come first. */
export const strangers = [
  `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${hello('1.2')}`,
  `${signature}\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbb${hello('1.2')}`,
  '\x16\x03\x01\0\x05hello',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'SSH-2.0-x\r\n',
].map(bytesOf);

const ipv4 = '\x01\x02\x03\x04\x05\x06\x07\x08\0\x50\x01\xbb';

/** What proxies say in front of a connection: both versions of the PROXY protocol. */
export const proxyHeaders = [
  'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n',
  'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n',
  'PROXY UNKNOWN ffff::1 whatever\r\n',
  `${signature}\x21\x11\0\x0c${ipv4}`,
  `${signature}\x21\x21\0\x24${'\0'.repeat(15)}\x01${'\0'.repeat(15)}\x01\0\x50\x01\xbb`,
  `${signature}\x20\0\0\0`,
  `${signature}\x21\x11\0\x13${ipv4}\x04\0\x04abcd`,
].map(bytesOf);

export const words = [
  ...ovirtWords,
  ...xmlWords,
  ...[
    'GET ',
    'POST ',
    ' HTTP/1.1\r\n',
    'host: ',
    'content-length: ',
    'transfer-encoding: chunked\r\n',
    'connection: close\r\n',
  ],
  ...[
    'upgrade: websocket\r\n',
    'upgrade: h2c\r\n',
    'sec-websocket-protocol: ',
    'origin: ',
    '/rpc',
    '%2e%2e/',
    '\r\n\r\n',
    '0\r\n\r\n',
  ],
  ...[
    '{"jsonrpc":"2.0",',
    '"id":',
    '"method":"fuzz.',
    '"params":',
    '[',
    '{',
    '\\ud800',
    '__proto__',
    'rpc.authenticate',
  ],
].map(bytesOf);
