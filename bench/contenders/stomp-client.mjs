import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
export default {
  name: 'stomp-client',
  kind: 'peer',
  about: 'easternbloc/node-stomp-client: string buffer, line by line; no unescape',
  codec: {
    encoder: () => {
      const { StompFrame } = require('stomp-client/lib/frame');
      return {
        encode: (f) => {
          let out;
          new StompFrame({ command: f.command, headers: { ...f.headers }, body: f.body }).send({
            write: (s) => {
              out = (out ?? '') + s;
              return true;
            },
          });
          return Buffer.from(out);
        },
      };
    },
    parser(onFrame) {
      const { StompFrameEmitter } = require('stomp-client/lib/parser');
      const p = new StompFrameEmitter({ MESSAGE: {} });
      p.on('frame', (f) => onFrame({ header: (k) => f.headers[k], text: () => f.body }));
      p.on('parseError', (e) => {
        throw new Error(e.message + ' ' + e.details);
      });
      return { push: (c) => p.handleData(c) };
    },
  },
};
