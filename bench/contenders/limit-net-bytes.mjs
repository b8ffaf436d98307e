// Physical limit: the server returns the bytes, nobody understands JSON. Fixed-length messages are counted.
import net from 'node:net';
import { listen, dial, batched } from './floor-net.mjs';
export default {
  name: 'limit-net-bytes',
  kind: 'floor',
  about: 'net socket, server sends bytes back, client counts lines in order; no JSON',
  rpc: {
    async server() {
      const srv = net.createServer({ noDelay: true }, (s) => {
        s.on('error', () => {});
        s.on('data', (b) => s.write(b));
      });
      return { address: await listen(srv), close: () => srv.close() };
    },
    async client(port) {
      const s = await dial(port);
      const queue = [];
      let head = 0,
        line,
        value;
      const send = batched(s, process.nextTick);
      s.on('data', (b) => {
        for (let i = -1; (i = b.indexOf(10, i + 1)) !== -1;) queue[head++](value);
        if (head > 65536) {
          queue.splice(0, head);
          head = 0;
        }
      });
      return {
        call: (o) => {
          line ??= JSON.stringify({ jsonrpc: '2.0', method: 'echo', params: (value = o), id: 123456 }) + '\n';
          return new Promise((r) => {
            queue.push(r);
            send(line);
          });
        },
        close: () => s.destroy(),
      };
    },
  },
};
