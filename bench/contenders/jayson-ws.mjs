import { createRequire } from 'node:module';
import { wsClient } from './floor-ws.mjs';
import { createServer } from 'node:http';
import { listen } from './floor-net.mjs';
const require = createRequire(import.meta.url);
export default {
  name: 'jayson-ws',
  kind: 'peer',
  about: 'jayson over one WebSocket',
  rpc: {
    async server() {
      const jayson = require('jayson');
      const http = createServer();
      const s = new jayson.Server({ echo: (args, cb) => cb(null, args) });
      s.websocket({ server: http, perMessageDeflate: false });
      const port = await listen(http);
      return { address: `ws://127.0.0.1:${port}`, close: () => http.close() };
    },
    async client(url) {
      const jayson = require('jayson');
      const ws = await wsClient(url);
      const c = jayson.Client.websocket({ ws });
      return {
        call: (o) =>
          new Promise((res, rej) => c.request('echo', o, (e, err, r) => (e || err ? rej(e || err) : res(r)))),
        close: () => ws.terminate(),
      };
    },
  },
};
