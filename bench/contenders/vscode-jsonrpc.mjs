import { createServer } from 'node:net';
import { listen, dial } from './floor-net.mjs';
async function connection(s) {
  const m = await import('vscode-jsonrpc/node');
  const rpc = m.default ?? m;
  return rpc.createMessageConnection(new rpc.SocketMessageReader(s), new rpc.SocketMessageWriter(s));
}
export default {
  name: 'vscode-jsonrpc',
  kind: 'peer',
  about: 'Content-Length framed JSON-RPC over a socket',
  rpc: {
    async server() {
      const srv = createServer({ noDelay: true }, async (s) => {
        const c = await connection(s);
        c.onRequest('echo', (p) => p);
        c.listen();
      });
      return { address: await listen(srv), close: () => srv.close() };
    },
    async client(port) {
      const s = await dial(port);
      const c = await connection(s);
      c.listen();
      return { call: (o) => c.sendRequest('echo', o), close: () => s.destroy() };
    },
  },
  conn: {
    async server() {
      const srv = createServer({ noDelay: true }, async (s) => {
        s.on('error', () => {});
        const c = await connection(s);
        c.onRequest('echo', (p) => p);
        c.listen();
      });
      return { address: await listen(srv), close: () => srv.close() };
    },
    client: dial,
  },
};
