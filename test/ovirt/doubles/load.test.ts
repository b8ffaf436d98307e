import { createServer, selfSigned } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';
import { load } from './load.js';
import { ObservedVdsm } from './observed-vdsm.js';

test('answers of 1024 bytes serve everybody', async () => {
  const { port } = await ObservedVdsm.start({ least: 1024 });
  const { answered, faults } = await load({ port, seconds: 1, java: 8, python: 4 });
  expect(faults).toEqual([]);
  expect(answered.java).toBeGreaterThan(100);
  expect(answered.python).toBeGreaterThan(100);
});

test('answers of 8.4 KiB, each a record, serve everybody over TLS', async () => {
  const { port } = await ObservedVdsm.start({ least: 8602, tls: await selfSigned() });
  const { answered, faults } = await load({ port, seconds: 1, javaTls: 4, pythonTls: 2 });
  expect(faults).toEqual([]);
  expect(answered['java over TLS']).toBeGreaterThan(50);
});

test('an answer that was meant for another call is found', async () => {
  let count = 0;
  const { port } = await ObservedVdsm.start({
    least: 1024,
    intercept: (socket, { id }, message) =>
      ++count % 50 === 0 && socket.write(message({ jsonrpc: '2.0', id, result: { value: 'of another' } })),
  });
  const { faults } = await load({ port, seconds: 1, java: 2 });
  expect(faults[0]).toMatch(/^java: java \d, call \d+\.\d+ came back as {"value":"of another"}$/);
});

test('a connection that a client drops is found', async () => {
  const { port } = await ObservedVdsm.start({
    least: 1024,
    deliver: (socket, [frame = '']) => void socket.write(frame.replaceAll('\n', '\r\n')),
  });
  const { faults } = await load({ port, seconds: 1, java: 1 });
  expect(faults.at(-1)).toBe('java: the head of a frame came in pieces');
});

test('ordinary clients and XML-RPC at a server of any dialect', async () => {
  const server = createServer({ xmlRpc: true });
  server.implement({ echo: (params: unknown) => params });
  const { port } = await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  const { answered, faults } = await load({ port, seconds: 1, ordinary: 4, xmlRpc: 2 });
  expect(faults).toEqual([]);
  expect(Object.keys(answered).sort()).toEqual(['XML-RPC', 'ordinary over tcp', 'ordinary over ws']);
});
