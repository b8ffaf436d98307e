import { wsServer, wsClient } from './floor-ws.mjs';
const over = (ws) => ({
  post: (d) => ws.send(d),
  on: (fn) => ws.on('message', (d) => fn(d.toString())),
  serialize: JSON.stringify,
  deserialize: JSON.parse,
});
export default {
  name: 'birpc',
  kind: 'peer',
  about: 'two-way RPC (own message form) over the ws package',
  rpc: {
    async server() {
      const { createBirpc } = await import('birpc');
      return wsServer((ws) => createBirpc({ echo: (p) => p }, over(ws)));
    },
    async client(url) {
      const { createBirpc } = await import('birpc');
      const ws = await wsClient(url);
      const r = createBirpc({}, over(ws));
      return { call: (o) => r.echo(o), close: () => ws.terminate() };
    },
  },
};
