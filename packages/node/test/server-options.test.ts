// Options that are of the wrong kind altogether.

import { expect, onTestFinished, test } from 'vitest';
import { createServer, type DrainOptions, type ListenOptions, type ServerOptions } from '../src/index.js';

function newServer() {
  const server = createServer();
  onTestFinished(() => server.close());
  return server;
}

test.each<[unknown, string]>([
  [8080, 'listen: the options must be an object: listen({ port: 8080 })'],
  ['9090', 'listen: the options must be an object: listen({ port: 9090 })'],
  ['localhost', 'listen: the options must be an object: listen({ port: 8080 })'],
  [[8080], 'listen: the options must be an object: listen({ port: 8080 })'],
  [null, 'listen: the options must be an object: listen({ port: 8080 })'],
  [() => {}, 'listen: the options must be an object: listen({ port: 8080 })'],
])('listen(%j) opens no port', async (options, message) => {
  const server = newServer();
  await expect(server.listen(options as ListenOptions)).rejects.toThrow(new TypeError(message));
  expect(server.address).toBeUndefined();
});

test.each<[object, string]>([
  [{ page: true }, 'createServer: option page must be the path of a directory, or its file: URL'],
  [{ page: '' }, 'createServer: option page must be the path of a directory, or its file: URL'],
  [{ origins: 'https://a.example' }, 'createServer: option origins must be an array'],
  [{ origins: ['https://a.example', 5] }, 'createServer: option origins[1] must be a string'],
  [
    { origins: ['*', 'https://a.example/', 'localhost:5173'] },
    'createServer: option origins[2] must be an origin such as https://admin.example, or *, not localhost:5173',
  ],
  [
    { origins: ['https://a.example/path'] },
    'createServer: option origins[0] must be an origin such as https://admin.example, or *, not https://a.example/path',
  ],
  [
    { allowedHosts: ['a.example:80', '[::1]', 'https://a.example'] },
    'createServer: option allowedHosts[2] must be a name such as admin.example, admin.example:8080 or [::1], not https://a.example',
  ],
  [{ allowedHosts: [null] }, 'createServer: option allowedHosts[0] must be a string'],
  [{ proxies: [10] }, 'createServer: option proxies[0] must be a string'],
  [{ tls: true }, "createServer: option tls must be 'optional', 'required' or an object with cert and key"],
])('createServer(%j) names the option', (options, message) => {
  expect(() => createServer(options as ServerOptions)).toThrow(new TypeError(message));
});

test('allow() names the option, too', () => {
  expect(() => newServer().allow({ origins: ['a.example'] })).toThrow(
    new TypeError('allow: option origins[0] must be an origin such as https://admin.example, or *, not a.example'),
  );
});

test('drain(2000) and createServer(8080) say how they are meant', async () => {
  const drained = newServer().drain(2000 as DrainOptions);
  await expect(drained).rejects.toThrow(new TypeError('drain: the options must be an object: drain({ over: 2000 })'));
  for (const options of [8080, 'here', null] as unknown as ServerOptions[]) {
    expect(() => createServer(options)).toThrow(
      new TypeError("createServer: the options must be an object: createServer({ tls: 'optional' })"),
    );
  }
});
