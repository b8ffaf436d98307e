// Peers that ask and end their side at once: what they asked for is done and answered before the server ends its own.

import { setTimeout as sleep } from 'node:timers/promises';
import { schemes } from '../setting.mjs';
import { within } from '../../waiting.mjs';
import { encode } from '../stomp-frames.mjs';
import { openWire } from '../wires.mjs';

const ANSWERED = 'who half-closes gets its answers, then the end';
const TIME = 10_000;

export async function halfClosed(setting) {
  setting.findings.expect(ANSWERED);
  const says = [stomp, lines, http, nothing];
  let at = 0;
  await setting.repeat(100, 400, async () => {
    const say = says[++at % says.length];
    const scheme = schemes[setting.random.whole(0, 1)];
    const { request, expected } = say(setting);
    const wire = await openWire(setting, scheme, 'straight');
    let answer = '';
    wire.onData((data) => (answer += data));
    if (setting.random.chance(0.5)) await sleep(setting.random.whole(1, 20));
    wire.send(request);
    wire.end();
    const text = () => `${say.name} over ${scheme}: ${answer.slice(-300)}`;
    try {
      await within(TIME, wire.closed, text());
      setting.findings.check(ANSWERED, expected.test(answer), text);
    } catch (error) {
      setting.findings.fail(ANSWERED, error.message);
    }
    setting.counts.message('half-closed', say.name);
  });
}

function stomp({ token }) {
  const request = [
    encode('CONNECT', { 'accept-version': '1.2', host: 'localhost', token }),
    encode('SEND', { destination: '/topic/soak.nobody', receipt: 'one' }),
    encode('SEND', { destination: '/topic/soak.nobody', receipt: 'two' }),
  ];
  return { request: Buffer.concat(request), expected: /RECEIPT\nreceipt-id:one\n[^]*RECEIPT\nreceipt-id:two\n/ };
}

/** The last line feed is left out, as many do who say one thing and leave. */
function lines({ token, random }) {
  const login = { jsonrpc: '2.0', id: 1, method: 'rpc.authenticate', params: { token } };
  const value = 'y'.repeat(random.magnitude(1, 100_000));
  const call = { jsonrpc: '2.0', id: 2, method: 'soak.echo', params: { value } };
  return {
    request: `${JSON.stringify(login)}\n${JSON.stringify(call)}`,
    expected: new RegExp(`"id":2,"result":{"value":"${value}"}}`),
  };
}

function http({ token }) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'soak.ping' });
  const head = [
    'POST /rpc HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `authorization: Bearer ${token}`,
  ];
  return {
    request: `${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    expected: /^HTTP\/1.1 200 OK\r\n[^]*"pong"}$/,
  };
}

function nothing() {
  return { request: '', expected: /^$/ };
}
