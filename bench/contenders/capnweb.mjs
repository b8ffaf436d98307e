import { wsServer, wsClient } from './floor-ws.mjs';
// It looks at WebSocket constants on the global object, which Node 20 lacks.
const polyfill = async () => {
  globalThis.WebSocket ??= (await import('ws')).WebSocket;
};
async function server() {
  await polyfill();
  const { RpcTarget, newWebSocketRpcSession } = await import('capnweb');
  class Api extends RpcTarget {
    echo(o) {
      return o;
    }
  }
  return wsServer((ws) => newWebSocketRpcSession(ws, new Api()));
}
export default {
  name: 'capnweb',
  kind: 'peer',
  about: "Cap'n Web object-capability RPC over the ws package",
  rpc: {
    server,
    async client(url) {
      await polyfill();
      const { newWebSocketRpcSession } = await import('capnweb');
      const ws = await wsClient(url);
      const api = newWebSocketRpcSession(ws);
      return { call: async (o) => await api.echo(o), close: () => ws.terminate() };
    },
  },
  conn: { server, client: wsClient },
};
