// A server and a client call each other over one TCP connection.
import assert from 'node:assert/strict';
import { RpcError } from '@sallyport/core';
import { connect, createServer } from '@sallyport/node';

const server = createServer();
server.implement({
  host: {
    rename: async ({ name }, { session }) => {
      if (name === '') throw new RpcError(4001, 'a host must have a name');
      // The caller's own methods, over the connection that the call came by.
      const { yes } = await session.api.ui.confirm({ question: `Rename the host to ${name}?` });
      return yes ? name : null;
    },
  },
});
const { port } = await server.listen({ port: 0 });

const client = await connect(`tcp://127.0.0.1:${port}`);
const questions = [];
await client.implement({
  ui: {
    confirm: ({ question }) => {
      questions.push(question);
      return { yes: true };
    },
  },
});

assert.equal(await client.api.host.rename({ name: 'node7' }), 'node7');
assert.deepEqual(questions, ['Rename the host to node7?']);
await assert.rejects(client.api.host.rename({ name: '' }), { code: 4001, message: 'a host must have a name' });

// The server may call whenever it likes, too.
const [session] = server.sessions;
assert.deepEqual(await session.api.ui.confirm({ question: 'Still there?' }), { yes: true });

await client.close();
await server.close();
console.log('ok: both sides called, both sides answered');
