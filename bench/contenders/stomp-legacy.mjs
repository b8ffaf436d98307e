import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
// stompjs 2.3.3: no export of its frame splitting for partial input that keeps a rest, so whole chunks only.
export default {
  name: 'stompjs@2',
  kind: 'peer',
  about: 'the old stompjs: string splitting with regex; encode only here',
  codec: {
    encoder() {
      const { Stomp } = require('stompjs/lib/stomp.js');
      const { Frame } = Stomp;
      return { encode: (f) => Buffer.from(Frame.marshall(f.command, { ...f.headers }, f.body)) };
    },
    parser: () => null,
  },
};
