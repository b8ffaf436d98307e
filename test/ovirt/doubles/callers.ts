// Everybody who calls a shared port, each by a client of its own kind.

import { request, Agent } from 'node:http';
import { connect } from '@sallyport/node';
import { JavaClient, type JavaOrder } from './java-client.js';
import { PythonClient } from './python-client.js';

export interface Caller {
  readonly kind: string;
  /** Calls `echo` with each of these at once, and gives what came back, in the same order. */
  echo(values: readonly string[]): Promise<unknown[]>;
  /** What is wrong with it apart from its answers. */
  troubles(): readonly string[];
  close(): Promise<void>;
}

/** A call that takes longer is lost, milliseconds. */
const CALL_TIME = 10_000;

const orders: readonly JavaOrder[] = ['usual', 'subscribe-first', 'never-connect', 'subscribe-twice'];

/** The orders in which Java clients introduce themselves take turns, by `at`. */
export async function javaCaller(port: number, at: number, isSecure: boolean): Promise<Caller> {
  const client = await JavaClient.connect({
    port,
    order: orders[at % orders.length]!,
    events: 'jms.queue.events',
    // Some beat, some only listen, some do neither.
    incoming: [20_000, 4000, 0][at % 3]!,
    outgoing: at % 3 === 1 ? 3000 : 0,
    timeout: CALL_TIME,
    connectTime: at % orders.length === 2 ? 500 : CALL_TIME,
    ...(isSecure ? { tls: { rejectUnauthorized: false } } : {}),
  });
  return {
    kind: isSecure ? 'java over TLS' : 'java',
    echo: async (values) => {
      const results = await client.burst(
        'echo',
        values.map((value) => ({ value })),
      );
      return results.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)));
    },
    troubles: () => [...(client.fatal === undefined ? [] : [client.fatal]), ...client.errors, ...client.ignored],
    close: () => client.close(),
  };
}

export async function pythonCaller(port: number, isSecure: boolean): Promise<Caller> {
  const tls = isSecure ? { tls: { rejectUnauthorized: false } } : {};
  const client = await PythonClient.connect({ port, timeout: CALL_TIME, ...tls });
  return {
    kind: isSecure ? 'python over TLS' : 'python',
    echo: (values) => Promise.all(values.map((value) => client.call('echo', { value }))),
    troubles: () => [...(client.fatal === undefined ? [] : [client.fatal]), ...client.ignored],
    close: () => client.close(),
  };
}

export async function ordinaryCaller(port: number, scheme: 'tcp' | 'ws'): Promise<Caller> {
  const client = await connect(`${scheme}://127.0.0.1:${port}`, { timeout: CALL_TIME });
  return {
    kind: `ordinary over ${scheme}`,
    echo: (values) => Promise.all(values.map((value) => client.call('echo', { value }))),
    troubles: () => [],
    close: () => client.close(),
  };
}

/** One connection that is kept, and on it a call after the other. */
export function xmlRpcCaller(port: number): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    kind: 'XML-RPC',
    echo: (values) => Promise.all(values.map((value) => post(agent, port, value))),
    troubles: () => [],
    close: async () => agent.destroy(),
  };
}

function post(agent: Agent, port: number, value: string): Promise<unknown> {
  const member = `<member><name>value</name><value><string>${value}</string></value></member>`;
  const params = `<params><param><value><struct>${member}</struct></value></param></params>`;
  const body = `<?xml version="1.0"?><methodCall><methodName>echo</methodName>${params}</methodCall>`;
  const headers = { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const options = { agent, port, host: '127.0.0.1', path: '/RPC2', method: 'POST', headers, timeout: CALL_TIME };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', reject).on('end', () => resolve(echoed(text)));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', reject).end(body);
  });
}

/** What `echo` gave back; the whole document where that cannot be told. */
function echoed(text: string): unknown {
  const found = /<name>value<\/name>\s*<value>(?:<string>)?([^<]*)</.exec(text);
  return found === null || text.includes('<fault>') ? text : { value: found[1] };
}
