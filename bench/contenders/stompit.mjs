import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
const require = createRequire(import.meta.url);
export default {
  name: 'stompit',
  kind: 'peer',
  about: 'stream based; a body is itself a Readable stream',
  codec: {
    skip: (name) => (/\/1$/.test(name) ? 'not run: stream per byte' : null),
    encoder() {
      const Out = require('stompit/lib/OutgoingFrameStream');
      let got = [];
      const sink = new Writable({
        write(c, e, cb) {
          got.push(c);
          cb();
        },
        decodeStrings: true,
        highWaterMark: 1 << 24,
      });
      const out = new Out(sink);
      out.setVersion('1.2');
      return {
        encode(f) {
          got = [];
          return new Promise((resolve) => {
            const frame = out.frame(f.command, { ...f.headers, 'content-length': Buffer.byteLength(f.body) });
            frame.end(f.body, 'utf8', () => resolve(Buffer.concat(got)));
          });
        },
      };
    },
    parser(onFrame) {
      const In = require('stompit/lib/IncomingFrameStream');
      const p = new In();
      p.setVersion('1.2');
      let open = 0;
      p.on('data', (f) => {
        open++;
        f.readString('utf8', (err, body) => {
          open--;
          if (err) throw err;
          onFrame({ header: (k) => f.headers[k], text: () => body });
        });
      });
      let sent = 0,
        taken = 0;
      return {
        push(c) {
          sent++;
          p.write(c, () => {
            taken++;
          });
        },
        async drain() {
          while (taken < sent || open) await new Promise(setImmediate);
        },
      };
    },
  },
};
