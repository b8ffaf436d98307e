// XML-RPC on the port: the rules of HTTP, which are those of /rpc, and of who may.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createServer, knownLogins, type ServerOptions, type Session } from '../../src/index.js';
import { dialled, received, resolvers, until } from '../fixtures/sockets.js';
import { callOf } from './documents.js';

const xml = { 'content-type': 'text/xml' };
const call =
  '<methodCall><methodName>echo</methodName><params><param><value>hello</value></param></params></methodCall>';
const HELLO = '<methodResponse><params><param><value><string>hello</string></value></param></params></methodResponse>';

async function serving(options: ServerOptions = {}) {
  const server = createServer({ xmlRpc: true, onError: () => {}, ...options });
  server.implement({ echo: (params: unknown) => params });
  const { port } = await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  const url = `http://127.0.0.1:${port}`;
  const post = async (body: BodyInit, headers: Record<string, string> = xml, path = '/RPC2') => {
    const response = await fetch(url + path, { method: 'POST', body, headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { server, port, url, post };
}

/** A request as it stands on the wire, and all that comes until the end. */
async function exchange(port: number, head: readonly string[], body = call): Promise<string> {
  const socket = await dialled(port);
  socket.write([...head, 'Content-Type: text/xml', `Content-Length: ${body.length}`, '', body].join('\r\n'));
  return received(socket);
}

describe('an answer', () => {
  test('is XML, with its length', async () => {
    const { post } = await serving();
    const { status, headers, text } = await post(call);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text));
    expect(text).toContain(HELLO);
  });

  test('to what is wrong is a fault in a 200', async () => {
    const { post } = await serving();
    for (const body of ['', '{"jsonrpc":"2.0"}', '<html/>', Uint8Array.of(0x3c, 0xff)]) {
      const { status, text } = await post(body);
      expect(status).toBe(200);
      expect(text).toMatch(/<fault>.*<int>-32(700|600|702)<\/int>/);
    }
  });

  test('has the length in bytes', async () => {
    const { post } = await serving();
    const { headers, text } = await post(call.replace('hello', 'Grüße 🚪'));
    expect(text).toContain('<string>Grüße 🚪</string>');
    expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text));
  });
});

describe('where it is', () => {
  test('nowhere unless it is asked for', async () => {
    for (const xmlRpc of [false, undefined]) {
      const { post } = await serving({ xmlRpc });
      const { status, text } = await post(call);
      expect([status, text]).toEqual([404, 'XML-RPC is not spoken here (option `xmlRpc`)\n']);
      expect((await post(call, xml, '/rpc')).text).toBe(
        'the content-type must be application/json, without content-encoding\n',
      );
    }
  });

  test('at a path', async () => {
    const { post } = await serving({ xmlRpc: '/xml/~old' });
    expect((await post(call, xml, '/xml/~old')).text).toContain(HELLO);
    expect((await post(call, xml, '/xml/~old?a=b')).text).toContain(HELLO);
    expect((await post(call)).status).toBe(405);
  });

  test.each([
    ['RPC2', 'option xmlRpc must be a boolean or a path such as /RPC2'],
    ['/a?b', 'option xmlRpc must be a boolean or a path such as /RPC2'],
    [7, 'option xmlRpc must be a boolean or a path such as /RPC2'],
    [{ path: '/RPC2' }, 'option xmlRpc must be a boolean or a path such as /RPC2'],
    ['/rpc', 'option xmlRpc: at /rpc there is something else; take another path'],
    ['/healthz', 'option xmlRpc: at /healthz there is something else; take another path'],
  ])('not at %j', (xmlRpc, why) => {
    expect(() => createServer({ xmlRpc: xmlRpc as string })).toThrow(new TypeError(`createServer: ${why}`));
  });
});

describe('the type', () => {
  test.each([
    ['text/xml', 200],
    ['Application/XML; charset=UTF-8', 200],
    ['text/xml;charset="utf-8"', 200],
    ['text/xml; charset=iso-8859-1', 415],
    ['application/json', 415],
    ['text/plain', 415],
    ['text/xmlish', 415],
  ])('%s is %i', async (type, status) => {
    const { post } = await serving();
    expect((await post(call, { 'content-type': type })).status).toBe(status);
  });

  test('JSON under the type of XML is told where it belongs, too', async () => {
    const { post } = await serving();
    const { text } = await post(' {"jsonrpc":"2.0","method":"a","id":1}', xml);
    expect(text).toContain('this is JSON; JSON-RPC is at /rpc, as application/json');
  });

  test('of the other dialect is told where it belongs', async () => {
    const { post } = await serving();
    const json = { 'content-type': 'application/json' };
    expect(await post('{}', json)).toMatchObject({
      status: 415,
      text: 'the content-type must be text/xml or application/xml, without content-encoding; JSON-RPC is at /rpc\n',
    });
    expect(await post(call, xml, '/rpc')).toMatchObject({
      status: 415,
      text: 'the content-type must be application/json, without content-encoding; XML-RPC is at /RPC2\n',
    });
  });
});

describe('HTTP', () => {
  test.each(['GET', 'PUT', 'HEAD'])('%s is told to POST', async (method) => {
    const { url } = await serving();
    const response = await fetch(`${url}/RPC2`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });

  test('1.0 is answered, and its connection ends', async () => {
    const { port } = await serving();
    const text = await exchange(port, ['POST /RPC2 HTTP/1.0', 'Host: 127.0.0.1', 'User-Agent: Frontier/5.1.2']);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*content-length: \d+\r\n/i);
    expect(text).toContain(HELLO);
  });

  test('1.0 may keep its connection', async () => {
    const { port } = await serving();
    const socket = await dialled(port);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const head = ['POST /RPC2 HTTP/1.0', 'Host: 127.0.0.1', 'Connection: keep-alive', 'Content-Type: text/xml'];
    for (const times of [1, 2]) {
      socket.write([...head, `Content-Length: ${call.length}`, '', call].join('\r\n'));
      await until(() => text.split(HELLO).length === times + 1);
    }
  });

  test('of other hosts and pages is refused', async () => {
    const { port, url, post } = await serving();
    expect(await exchange(port, ['POST /RPC2 HTTP/1.1', 'Host: evil.example', 'Connection: close'])).toMatch(
      /^HTTP\/1\.1 403 [^]*allowedHosts/,
    );
    expect(await post(call, { ...xml, origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    const own = await post(call, { ...xml, origin: url });
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, url]);
    const preflight = await fetch(`${url}/RPC2`, { method: 'OPTIONS', headers: { origin: url } });
    expect(preflight.status).toBe(204);
  });

  test('bodies are bounded', async () => {
    const { post } = await serving({ limits: { xmlBody: 1000 } });
    const tooLong = { status: 413, text: 'the body is longer than 1000 bytes (limits.xmlBody)\n' };
    expect(await post(callOf('x'.repeat(1000)))).toMatchObject(tooLong);
    expect(
      (
        await post(
          `{"jsonrpc":"2.0","id":1,"method":"echo","params":["${'x'.repeat(1000)}"]}`,
          { 'content-type': 'application/json' },
          '/rpc',
        )
      ).status,
    ).toBe(200);
  });

  test('a call is aborted when its client leaves', async () => {
    const { server, port } = await serving();
    const aborted = resolvers<unknown>();
    const began = resolvers<void>();
    server.implement({
      wait: (_: unknown, { signal }) => {
        began.resolve();
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        return new Promise(() => {});
      },
    });
    const socket = await dialled(port);
    const body = '<methodCall><methodName>wait</methodName></methodCall>';
    const head = ['POST /RPC2 HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: text/xml', `Content-Length: ${body.length}`];
    socket.write([...head, '', body].join('\r\n'));
    await began.promise;
    socket.destroy();
    expect(await aborted.promise).toEqual(new Error('the client has left'));
  });
});

describe('who may', () => {
  const basic = (pair: string) => ({ ...xml, authorization: `Basic ${Buffer.from(pair).toString('base64')}` });

  test('is who is known', async () => {
    const seen = vi.fn();
    const { server, post } = await serving({
      authenticate: (credentials) => {
        seen({ ...credentials });
        return knownLogins({ ann: 'secret' })(credentials, { expires: () => {} });
      },
      limits: { loginPause: 10 },
    });
    server.implement({
      who: (_: unknown, { principal, session }) => [principal, (session as Session).protocol],
    });
    const who = '<methodCall><methodName>who</methodName></methodCall>';
    expect(await post(who)).toMatchObject({ status: 401, text: 'access refused, wrong or missing credentials\n' });
    expect((await post(who, basic('ann:wrong'))).status).toBe(401);
    const { status, text } = await post(who, basic('ann:secret'));
    expect(status).toBe(200);
    expect(text).toContain('<member><name>login</name><value><string>ann</string></value></member>');
    expect(text).toContain('<string>http</string>');
    expect(seen).toHaveBeenLastCalledWith(
      expect.objectContaining({ protocol: 'http', transport: 'http', login: 'ann' }),
    );
  });

  test('is asked for each method, those about methods included', async () => {
    const methods: unknown[] = [];
    const { post } = await serving({
      authorize: (access) => {
        if (access.action === 'call') methods.push(access.method);
        return access.action !== 'call' || access.method === 'system.multicall';
      },
    });
    const inner =
      '<struct><member><name>methodName</name><value>echo</value></member><member><name>params</name><value><array><data/></array></value></member></struct>';
    const { text } = await post(
      callOf(`<array><data><value>${inner}</value></data></array>`).replace('>m<', '>system.multicall<'),
    );
    expect(text).toMatch(/<int>-32001<\/int>.*not allowed/);
    expect(methods).toEqual(['system.multicall', 'echo']);
  });

  test('has a quota for what is read and worked on', async () => {
    const { post } = await serving({ limits: { addressQueuedBytes: 5000 } });
    expect((await post(callOf('x'.repeat(6000)))).text).toMatch(/<int>-32000<\/int>.*limits\.addressQueuedBytes/);
    for (let time = 0; time < 3; time++)
      expect((await post(call.replace('hello', 'x'.repeat(4000)))).text).toContain('xxx');
  });

  test('has so many calls at once by one connection', async () => {
    const { server, port } = await serving({ limits: { calls: 1 } });
    const finish = resolvers<string>();
    server.implement({ wait: () => finish.promise });
    const socket = await dialled(port);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const body = '<methodCall><methodName>wait</methodName></methodCall>';
    const head = ['POST /RPC2 HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: text/xml', `Content-Length: ${body.length}`];
    socket.write([...head, '', body].join('\r\n').repeat(2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    finish.resolve('done');
    await until(() => /done[^]*<int>-32000<\/int>.*limits\.calls/.test(text));
  });
});
