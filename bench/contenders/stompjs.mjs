import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);

// Parser and FrameImpl are exported by the package ("internal"); this is what its Client does per chunk.
const codec = {
  async encoder() {
    const { FrameImpl } = await import('@stomp/stompjs');
    return {
      encode: (f) =>
        Buffer.from(
          FrameImpl.marshall({
            command: f.command,
            headers: f.headers,
            body: f.body,
            escapeHeaderValues: true,
            skipContentLengthHeader: false,
          }),
        ),
    };
  },
  async parser(onFrame) {
    const { Parser, FrameImpl } = await import('@stomp/stompjs');
    const p = new Parser(
      (raw) => {
        const f = FrameImpl.fromRawFrame(raw, true);
        onFrame({ header: (k) => f.headers[k], text: () => f.body });
      },
      () => {},
    );
    return { push: (c) => p.parseChunk(c) };
  },
};

// @stomp/stompjs is a client only; its server side here is stomp-broker-js.
async function connect(url) {
  const { Client } = await import('@stomp/stompjs');
  const { WebSocket } = await import('ws');
  const c = new Client({
    webSocketFactory: () => new WebSocket(url, ['v12.stomp', 'v11.stomp'], { perMessageDeflate: false }),
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
  });
  await new Promise((resolve, reject) => {
    c.onConnect = resolve;
    c.onStompError = (f) => reject(new Error(f.headers.message));
    c.onWebSocketError = (e) => reject(new Error('websocket ' + (e.message ?? '')));
    c.activate();
  });
  return c;
}
async function broker() {
  const http = require('node:http');
  const StompServer = require('stomp-broker-js');
  const server = http.createServer();
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  new StompServer({ server, path: '/stomp', heartbeat: [0, 0], debug: () => {} });
  return { address: `ws://127.0.0.1:${server.address().port}/stomp`, close: () => server.close() };
}

let n = 0;
const overBroker = (startBroker) => ({
  async server() {
    const b = await startBroker();
    const { JSONRPCServer } = await import('json-rpc-2.0');
    const rpc = new JSONRPCServer();
    rpc.addMethod('echo', (p) => p);
    const c = await b.connect(b.address);
    c.subscribe('/queue/rpc', async (m) => {
      const res = await rpc.receive(JSON.parse(m.body));
      c.publish({ destination: m.headers['reply-to-x'], body: JSON.stringify(res) });
    });
    return b;
  },
  async client(address) {
    const c = await connect(address);
    const { JSONRPCClient } = await import('json-rpc-2.0');
    const reply = '/topic/reply-' + process.pid;
    const rpc = new JSONRPCClient((req) => {
      c.publish({ destination: '/queue/rpc', headers: { 'reply-to-x': reply }, body: JSON.stringify(req) });
    });
    c.subscribe(reply, (m) => rpc.receive(JSON.parse(m.body)));
    await new Promise((r) => setTimeout(r, 200));
    return { call: (o) => rpc.request('echo', o), close: () => c.deactivate() };
  },
});

const localBroker = async () => ({ ...(await broker()), connect });
const rpc = overBroker(localBroker);
const pubsub = {
  server: broker,
  async subscriber(address, onMessage) {
    const c = await connect(address);
    c.subscribe(
      '/topic/news',
      (m) => {
        JSON.parse(m.body);
        onMessage();
      },
      { id: 's' + n++ },
    );
    return { close: () => c.deactivate() };
  },
  async publisher(address) {
    const c = await connect(address);
    return {
      publish: (o) => c.publish({ destination: '/topic/news', body: JSON.stringify(o) }),
      close: () => c.deactivate(),
    };
  },
};
export default {
  name: '@stomp/stompjs',
  kind: 'peer',
  about:
    'client of stomp-js; for rpc and pub/sub its broker is stomp-broker-js (rpc: json-rpc-2.0 through the broker, two hops)',
  codec,
  rpc,
  pubsub,
  conn: { server: broker, client: connect },
};
