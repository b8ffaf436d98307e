// Who may come in, and who may do what: asked once for all protocols.
import assert from 'node:assert/strict';
import { AuthError } from '@sallyport/core';
import { connect, createServer, sameSecret } from '@sallyport/node';

const server = createServer({
  // Returns who it is; anything empty refuses.
  authenticate: ({ login, passcode, token }) => {
    if (login === 'ann' && sameSecret(passcode, 'anns secret')) return { name: 'ann', role: 'admin' };
    if (sameSecret(token, 'guest-token')) return { name: 'guest', role: 'reader' };
    return undefined;
  },
  authorize: ({ principal, action, method, destination }) => {
    if (principal.role === 'admin' || action === 'connect') return true;
    if (action === 'call') return method.startsWith('read.');
    return action === 'subscribe' && destination.startsWith('/topic/public.');
  },
});
server.implement({
  read: { whoAmI: (_params, { principal }) => principal.name },
  write: { reboot: () => 'rebooting' },
});
const { port } = await server.listen({ port: 0 });
const url = `tcp://127.0.0.1:${port}`;

await assert.rejects(connect(url), AuthError);
await assert.rejects(connect(url, { auth: { login: 'ann', passcode: 'wrong' } }), { code: 'ERR_AUTH' });

const ann = await connect(url, { auth: { login: 'ann', passcode: 'anns secret' } });
assert.equal(await ann.api.write.reboot(), 'rebooting');

// A function is asked before each connection, so that a token is fresh when the connection comes back.
const guest = await connect(url, { auth: async () => ({ token: 'guest-token' }) });
assert.equal(await guest.api.read.whoAmI(), 'guest');
await assert.rejects(guest.api.write.reboot(), { code: -32001, message: 'not allowed' });
await assert.rejects(guest.events('private.#').next(), { code: 'ERR_FORBIDDEN' });

const post = (authorization) =>
  fetch(`http://127.0.0.1:${port}/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: '{"jsonrpc":"2.0","id":1,"method":"read.whoAmI"}',
  });
assert.equal((await post()).status, 401);
assert.equal((await (await post('Bearer guest-token')).json()).result, 'guest');

await Promise.all([ann.close(), guest.close()]);
await server.close();
console.log('ok: strangers stay out, guests only look, the admin may do all');
