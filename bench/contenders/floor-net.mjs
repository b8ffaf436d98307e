// Practical floor: newline-delimited JSON over a plain socket, one write per turn of the event loop.
import net from 'node:net';

export function lines(socket, onLine) {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (s) => {
    s = rest + s;
    let p = 0;
    for (let i; (i = s.indexOf('\n', p)) !== -1; p = i + 1) onLine(s.slice(p, i));
    rest = s.slice(p);
  });
}
export function batched(socket, schedule = setImmediate) {
  let out = '';
  const flush = () => {
    const s = out;
    out = '';
    socket.write(s);
  };
  return (s) => {
    if (out === '') schedule(flush);
    out += s;
  };
}
export async function listen(server) {
  await new Promise((r) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, r));
  return server.address().port;
}
export async function dial(port) {
  const s = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((r, j) => {
    s.once('connect', r);
    s.once('error', j);
  });
  return s;
}
export const make = (schedule) => ({
  async server() {
    const srv = net.createServer({ noDelay: true }, (s) => {
      s.on('error', () => {});
      const send = schedule ? batched(s, schedule) : (x) => s.write(x);
      lines(s, (l) => {
        const m = JSON.parse(l);
        send(JSON.stringify({ jsonrpc: '2.0', id: m.id, result: m.params }) + '\n');
      });
    });
    return { address: await listen(srv), close: () => srv.close() };
  },
  async client(port) {
    const s = await dial(port);
    const waiting = new Map();
    let id = 0;
    const send = schedule ? batched(s, schedule) : (x) => s.write(x);
    lines(s, (l) => {
      const m = JSON.parse(l);
      const r = waiting.get(m.id);
      waiting.delete(m.id);
      r(m.result);
    });
    return {
      call: (params) =>
        new Promise((r) => {
          waiting.set(++id, r);
          send(JSON.stringify({ jsonrpc: '2.0', method: 'echo', params, id }) + '\n');
        }),
      close: () => s.destroy(),
    };
  },
});
export default {
  name: 'floor-net',
  kind: 'floor',
  about: 'net socket, newline-delimited JSON-RPC, writes joined per tick (process.nextTick)',
  rpc: make(process.nextTick),
  conn: {
    async server() {
      const srv = net.createServer((s) => {
        s.on('error', () => {});
        s.on('data', () => {});
      });
      return { address: await listen(srv), close: () => srv.close() };
    },
    client: dial,
  },
};
