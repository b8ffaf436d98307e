import { make } from './floor-net.mjs';
export default {
  name: 'floor-net-nobatch',
  kind: 'floor',
  about: 'as floor-net, but one socket.write per message',
  rpc: make(null),
};
