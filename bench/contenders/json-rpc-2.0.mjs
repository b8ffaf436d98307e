import { wsServer, wsClient } from './floor-ws.mjs';
export default {
  name: 'json-rpc-2.0',
  kind: 'peer',
  about: 'transport-free JSON-RPC 2.0 over the ws package',
  rpc: {
    async server() {
      const { JSONRPCServer } = await import('json-rpc-2.0');
      const rpc = new JSONRPCServer();
      rpc.addMethod('echo', (p) => p);
      return wsServer((ws) =>
        ws.on('message', async (d) => {
          const r = await rpc.receive(JSON.parse(d));
          if (r) ws.send(JSON.stringify(r));
        }),
      );
    },
    async client(url) {
      const { JSONRPCClient } = await import('json-rpc-2.0');
      const ws = await wsClient(url);
      const rpc = new JSONRPCClient((req) => ws.send(JSON.stringify(req)));
      ws.on('message', (d) => rpc.receive(JSON.parse(d)));
      return { call: (o) => rpc.request('echo', o), close: () => ws.terminate() };
    },
  },
};
