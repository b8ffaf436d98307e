// A peer in no more than a socket: one JSON text a line, both ways, and events. Any language can do this.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { createServer } from '@sallyport/node';

const server = createServer();
server.implement({
  add: ({ a, b }) => a + b,
  greetMe: (_params, { session }) => session.call('myName'),
});
const { port } = await server.listen({ port: 0 });

// From here on there is nothing of Sallyport's.
const socket = connect(port, '127.0.0.1');
const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const write = (message) => socket.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');

write({ id: 1, method: 'add', params: { a: 2, b: 3 } });
assert.deepEqual(await read(), { jsonrpc: '2.0', id: 1, result: 5 });

write({ id: 2, method: 'nothing' });
assert.equal((await read()).error.code, -32601);

// Events come as notifications.
write({ id: 3, method: 'rpc.subscribe', params: { pattern: 'vm.*' } });
assert.deepEqual(await read(), { jsonrpc: '2.0', id: 3, result: true });
server.emit('vm.started', { id: 'vm-7' });
assert.deepEqual(await read(), { jsonrpc: '2.0', method: 'vm.started', params: { id: 'vm-7' } });

// The server calls this peer; its ids are its own.
write({ id: 4, method: 'greetMe' });
const question = await read();
assert.equal(question.method, 'myName');
write({ id: question.id, result: 'a plain socket' });
assert.deepEqual(await read(), { jsonrpc: '2.0', id: 4, result: 'a plain socket' });

socket.end();
await once(socket, 'close');
await server.close();
console.log('ok: calls, events and being called, by lines of JSON');
