import { expect, test } from 'vitest';
import { sharePort } from './shared-port.js';

// The same for longer: node test/ovirt/run.mjs --seconds 60
test('engine, ordinary clients and XML-RPC share a port under load, and every answer finds its caller', async () => {
  const { answered, faults } = await sharePort(5);
  expect(faults).toEqual([]);
  expect(Object.keys(answered).sort()).toEqual([
    'XML-RPC',
    'java',
    'java over TLS',
    'ordinary over tcp',
    'ordinary over ws',
    'python',
    'python over TLS',
  ]);
}, 40_000);
