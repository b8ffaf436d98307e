import { createServer } from 'node:http';
import { listen } from './floor-net.mjs';
async function server() {
  const { Server } = await import('socket.io');
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
  io.on('connection', (s) => {
    s.on('echo', (o, ack) => ack(o));
    s.on('sub', (ack) => {
      s.join('news');
      ack();
    });
    s.on('pub', (o) => io.to('news').emit('news', o));
  });
  return { address: `http://127.0.0.1:${await listen(http)}`, close: () => io.close() };
}
async function client(url) {
  const { io } = await import('socket.io-client');
  const s = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, perMessageDeflate: false });
  await new Promise((r, j) => {
    s.on('connect', r);
    s.on('connect_error', j);
  });
  return s;
}
export default {
  name: 'socket.io',
  kind: 'peer',
  about: 'websocket transport only, compression off; rpc by acknowledgement, pub/sub by room',
  rpc: {
    server,
    async client(url) {
      const s = await client(url);
      return { call: (o) => new Promise((r) => s.emit('echo', o, r)), close: () => s.close() };
    },
  },
  pubsub: {
    server,
    async subscriber(url, onMessage) {
      const s = await client(url);
      s.on('news', onMessage);
      await new Promise((r) => s.emit('sub', r));
      return s;
    },
    async publisher(url) {
      const s = await client(url);
      return { publish: (o) => s.emit('pub', o), close: () => s.close() };
    },
  },
  conn: { server, client },
};
