import { wsRpc, wsPubsub, corked } from './floor-ws.mjs';
import { Sender } from 'ws';
// pub/sub: the WebSocket frame is built once and its bytes go straight to every socket.
// Messages to the same socket within a tick are joined by cork.
const dirty = new Set();
function flush() {
  for (const s of dirty) s.uncork();
  dirty.clear();
}
export function rawBroadcast(subs, d) {
  const frame = Buffer.concat(Sender.frame(d, { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true }));
  for (const ws of subs) {
    const s = ws._socket;
    if (!dirty.has(s)) {
      if (dirty.size === 0) setImmediate(flush);
      dirty.add(s);
      s.cork();
    }
    s.write(frame);
  }
}
export default {
  name: 'floor-ws-cork',
  kind: 'floor',
  about: 'ws package, cork per tick; pub/sub: one pre-built WebSocket frame written to the sockets',
  rpc: wsRpc(corked),
  pubsub: wsPubsub(rawBroadcast),
};
