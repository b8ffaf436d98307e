async function server() {
  const { Server } = await import('rpc-websockets');
  const s = new Server({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((r) => s.on('listening', r));
  s.register('echo', (p) => p);
  s.event('news');
  s.register('publish', (p) => {
    s.emit('news', p);
    return true;
  });
  const port = s.wss.address().port;
  return { address: `ws://127.0.0.1:${port}`, close: () => s.close() };
}
async function client(url) {
  const { Client } = await import('rpc-websockets');
  const c = new Client(url, { reconnect: false, perMessageDeflate: false });
  await new Promise((r, j) => {
    c.on('open', r);
    c.on('error', j);
  });
  return c;
}
export default {
  name: 'rpc-websockets',
  kind: 'peer',
  about: 'JSON-RPC 2.0 over ws, server events',
  rpc: {
    server,
    async client(url) {
      const c = await client(url);
      return { call: (o) => c.call('echo', o), close: () => c.close() };
    },
  },
  pubsub: {
    server,
    async subscriber(url, onMessage) {
      const c = await client(url);
      c.on('news', onMessage);
      await c.subscribe('news');
      return c;
    },
    async publisher(url) {
      const c = await client(url);
      return { publish: (o) => c.notify('publish', o), close: () => c.close() };
    },
  },
  conn: { server, client },
};
