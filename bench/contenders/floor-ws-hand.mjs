// WebSocket by hand on plain sockets: no http module, no ws package. Shows what those two cost.
// Messages of one tick leave in one write. Server frames are ASCII strings with the header in front.
// A floor, not a product: no fragments, no close handshake, no limits, ASCII only.
import net from 'node:net';
import { createHash } from 'node:crypto';
import { listen, dial, batched } from './floor-net.mjs';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const headOf = (n) => (n < 126 ? '\x81' + String.fromCharCode(n) : '\x81\x7e' + String.fromCharCode(n >> 8, n & 255)); // up to 64 KiB

function frames(onText) {
  let rest = null;
  return (b) => {
    if (rest) b = Buffer.concat([rest, b]);
    let p = 0;
    while (b.length - p >= 2) {
      const masked = b[p + 1] & 128;
      let n = b[p + 1] & 127,
        q = p + 2;
      if (n === 126) {
        if (b.length < p + 4) break;
        n = (b[p + 2] << 8) | b[p + 3];
        q = p + 4;
      }
      if (masked) q += 4;
      if (b.length < q + n) break;
      if (masked) {
        const m0 = b[q - 4],
          m1 = b[q - 3],
          m2 = b[q - 2],
          m3 = b[q - 1];
        for (let i = 0; i < n; i++) b[q + i] ^= (i & 3) === 0 ? m0 : (i & 3) === 1 ? m1 : (i & 3) === 2 ? m2 : m3;
      }
      onText(b.latin1Slice(q, q + n));
      p = q + n;
    }
    rest = p < b.length ? b.subarray(p) : null;
  };
}
async function server(onSocket) {
  const srv = net.createServer({ noDelay: true }, (s) => {
    s.on('error', () => {});
    let head = '';
    const hello = (b) => {
      head += b.latin1Slice(0, b.length);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      s.off('data', hello);
      const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)[1];
      s.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' +
          createHash('sha1')
            .update(key + GUID)
            .digest('base64') +
          '\r\n\r\n',
      );
      onSocket(s);
    };
    s.on('data', hello);
  });
  return { address: await listen(srv), close: () => srv.close() };
}
async function client(port) {
  const s = await dial(port);
  s.write(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await new Promise((r) => s.once('data', r));
  return s;
}
const plainSend = (s) => {
  const w = batched({ write: (x) => s.write(x, 'latin1') }, process.nextTick);
  return (t) => w(headOf(t.length) + t);
};
function maskedSend(s) {
  let slab = Buffer.alloc(1 << 16),
    n = 0;
  const flush = () => {
    s.write(Buffer.from(slab.subarray(0, n)));
    n = 0;
  };
  return (t) => {
    if (n === 0) process.nextTick(flush);
    if (n + t.length + 8 > slab.length) slab = Buffer.concat([slab, slab]);
    const h = headOf(t.length);
    slab.latin1Write(h, n);
    slab[n + 1] |= 128;
    n += h.length;
    slab[n] = 1;
    slab[n + 1] = 2;
    slab[n + 2] = 3;
    slab[n + 3] = 4; // a fixed mask: the XOR is still done
    n += 4;
    slab.latin1Write(t, n);
    for (let i = 0; i < t.length; i++) slab[n + i] ^= (i & 3) + 1;
    n += t.length;
  };
}
export default {
  name: 'floor-ws-hand',
  kind: 'floor',
  about: 'WebSocket by hand on net, one write per tick, no http and ws modules (not a full implementation)',
  rpc: {
    server: () =>
      server((s) => {
        const send = plainSend(s);
        s.on(
          'data',
          frames((t) => {
            const m = JSON.parse(t);
            send(JSON.stringify({ jsonrpc: '2.0', id: m.id, result: m.params }));
          }),
        );
      }),
    async client(port) {
      const s = await client(port);
      const send = maskedSend(s),
        waiting = new Map();
      let id = 0;
      s.on(
        'data',
        frames((t) => {
          const m = JSON.parse(t);
          const r = waiting.get(m.id);
          waiting.delete(m.id);
          r(m.result);
        }),
      );
      return {
        call: (params) =>
          new Promise((r) => {
            waiting.set(++id, r);
            send(JSON.stringify({ jsonrpc: '2.0', method: 'echo', params, id }));
          }),
        close: () => s.destroy(),
      };
    },
  },
  pubsub: {
    server() {
      const subs = new Set();
      let out = '';
      const flush = () => {
        const b = Buffer.from(out, 'latin1');
        out = '';
        for (const s of subs) s.write(b);
      };
      return server((s) =>
        s.on(
          'data',
          frames((t) => {
            if (t === 'sub') {
              subs.add(s);
              s.on('close', () => subs.delete(s));
              return;
            }
            if (out === '') setImmediate(flush);
            out += headOf(t.length) + t;
          }),
        ),
      );
    },
    async subscriber(port, onMessage) {
      const s = await client(port);
      s.on(
        'data',
        frames((t) => {
          JSON.parse(t);
          onMessage();
        }),
      );
      maskedSend(s)('sub');
      return { close: () => s.destroy() };
    },
    async publisher(port) {
      const s = await client(port);
      const send = maskedSend(s);
      return { publish: (o) => send(JSON.stringify(o)), close: () => s.destroy() };
    },
  },
  conn: { server: () => server((s) => s.on('data', () => {})), client },
};
