import { make } from './floor-net.mjs';
export default {
  name: 'floor-net-imm',
  kind: 'floor',
  about: 'as floor-net, but joined until setImmediate',
  rpc: make(setImmediate),
};
