// Floor for WebSocket: the `ws` package without compression.
import { createServer } from 'node:http';
import { listen } from './floor-net.mjs';
export async function wsServer(onConnection) {
  const { WebSocketServer } = await import('ws');
  const http = createServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  wss.on('connection', (ws, req) => {
    ws.on('error', () => {});
    onConnection(ws, req, wss);
  });
  const port = await listen(http);
  return { address: `ws://127.0.0.1:${port}`, wss, close: () => http.close() };
}
export async function wsClient(url) {
  const { WebSocket } = await import('ws');
  const ws = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((r, j) => {
    ws.once('open', r);
    ws.once('error', j);
  });
  return ws;
}
// Several ws messages in one tick become one socket write.
export function corked(ws) {
  let on = false;
  const sock = ws._socket;
  const off = () => {
    on = false;
    sock.uncork();
  };
  return (data) => {
    if (!on) {
      on = true;
      sock.cork();
      process.nextTick(off);
    }
    ws.send(data);
  };
}
export const wsRpc = (wrap) => ({
  server: () =>
    wsServer((ws) => {
      const send = wrap(ws);
      ws.on('message', (d) => {
        const m = JSON.parse(d);
        send(JSON.stringify({ jsonrpc: '2.0', id: m.id, result: m.params }));
      });
    }),
  async client(url) {
    const ws = await wsClient(url);
    const send = wrap(ws);
    const waiting = new Map();
    let id = 0;
    ws.on('message', (d) => {
      const m = JSON.parse(d);
      const r = waiting.get(m.id);
      waiting.delete(m.id);
      r(m.result);
    });
    return {
      call: (params) =>
        new Promise((r) => {
          waiting.set(++id, r);
          send(JSON.stringify({ jsonrpc: '2.0', method: 'echo', params, id }));
        }),
      close: () => ws.terminate(),
    };
  },
});
export const wsPubsub = (broadcast) => ({
  async server() {
    const subs = new Set();
    const s = await wsServer((ws) => {
      if (subs)
        ws.on('message', (d, isBinary) => {
          if (d.length === 3) {
            subs.add(ws);
            ws.on('close', () => subs.delete(ws));
            return;
          } // "sub"
          broadcast(subs, d, isBinary);
        });
    });
    return s;
  },
  async subscriber(url, onMessage) {
    const ws = await wsClient(url);
    ws.on('message', (d) => {
      JSON.parse(d);
      onMessage();
    });
    ws.send('sub');
    return { close: () => ws.terminate() };
  },
  async publisher(url) {
    const ws = await wsClient(url);
    return { publish: (o) => ws.send(JSON.stringify(o)), close: () => ws.terminate() };
  },
});
export default {
  name: 'floor-ws',
  kind: 'floor',
  about: 'ws package, JSON-RPC by hand, one ws.send per message; pub/sub: ws.send of the same Buffer in a loop',
  rpc: wsRpc((ws) => (d) => ws.send(d)),
  pubsub: wsPubsub((subs, d) => {
    for (const ws of subs) ws.send(d, { binary: false });
  }),
  conn: { server: () => wsServer(() => {}), client: wsClient },
};
