// JSON-RPC over HTTP: tells what of the difference is HTTP's, and what is XML's.
import { caller } from './caller.mjs';
import { poster } from './http-post.mjs';

export default caller('JSON-RPC over HTTP', (port, inFlight) => {
  const post = poster(port, '/rpc', 'application/json', inFlight);
  let id = 0;
  return async (method) => JSON.parse(await post(JSON.stringify({ jsonrpc: '2.0', id: ++id, method }))).result;
});
