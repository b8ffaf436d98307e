import { createServer } from 'node:http';
import { listen } from './floor-net.mjs';
async function makeBroker() {
  const m = await import('aedes');
  return m.Aedes.createBroker ? m.Aedes.createBroker() : new m.Aedes();
}
async function server() {
  const broker = await makeBroker();
  const { WebSocketServer, createWebSocketStream } = await import('ws');
  const http = createServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false, handleProtocols: (p) => [...p][0] });
  wss.on('connection', (ws, req) => {
    const s = createWebSocketStream(ws);
    s.on('error', () => {});
    broker.handle(s, req);
  });
  return { address: `ws://127.0.0.1:${await listen(http)}`, close: () => http.close() };
}
async function client(url) {
  const mqtt = await import('mqtt');
  return (mqtt.default ?? mqtt).connectAsync(url, {
    reconnectPeriod: 0,
    keepalive: 0,
    wsOptions: { perMessageDeflate: false },
  });
}
export default {
  name: 'aedes',
  kind: 'peer',
  about: 'MQTT broker over ws with the mqtt.js client, QoS 0',
  pubsub: {
    server,
    async subscriber(url, onMessage) {
      const c = await client(url);
      c.on('message', (t, b) => {
        JSON.parse(b);
        onMessage();
      });
      await c.subscribeAsync('news');
      return { close: () => c.end(true) };
    },
    async publisher(url) {
      const c = await client(url);
      return { publish: (o) => c.publish('news', JSON.stringify(o)), close: () => c.end(true) };
    },
  },
  conn: { server, client },
};
