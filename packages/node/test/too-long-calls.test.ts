// A call that is longer than the server takes: sent again it would end each connection anew.

import { expect, onTestFinished, test } from 'vitest';
import { connect, createServer } from '../src/index.js';

test.each(['tcp', 'ws'])('an idempotent one over %s is not sent again, and says why', async (scheme) => {
  const server = createServer({ limits: { body: 1000, frameHead: 1000 } });
  onTestFinished(() => server.close());
  server.implement({ length: ([text]: [string]) => text.length });
  const { port } = await server.listen({ port: 0 });
  const client = await connect(`${scheme}://127.0.0.1:${port}`, { firstDelay: 1 });
  onTestFinished(() => client.close());
  let connections = 0;
  client.onState((state) => (connections += Number(state === 'connected')));
  const call = client.call('length', ['x'.repeat(5000)], { idempotent: true });
  await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', cause: { code: 'ERR_BODY' } });
  await client.connected();
  expect(await client.call('length', ['abc'])).toBe(3);
  expect(connections).toBeLessThanOrEqual(1);
});
