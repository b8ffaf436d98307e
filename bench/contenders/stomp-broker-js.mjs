import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
export default {
  name: 'stomp-broker-js',
  kind: 'peer',
  about: 'one whole frame per WebSocket message only; encode only here (parse cannot take a stream)',
  codec: {
    encoder: () => {
      const Frame = require('stomp-broker-js/lib/frame');
      return {
        encode: (f) =>
          Buffer.from(
            new Frame({
              command: f.command,
              headers: { ...f.headers, 'content-length': Buffer.byteLength(f.body) },
              body: f.body,
            }).toStringOrBuffer(),
          ),
      };
    },
    parser: () => null,
  },
};
