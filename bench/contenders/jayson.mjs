import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
export default {
  name: 'jayson-tcp',
  kind: 'peer',
  about: 'tcp client opens a new connection for each call (that is how it is made)',
  rpc: {
    async server() {
      const jayson = require('jayson');
      const t = new jayson.Server({ echo: (args, cb) => cb(null, args) }).tcp();
      await new Promise((r) => t.listen(0, '127.0.0.1', r));
      return { address: t.address().port, close: () => t.close() };
    },
    async client(port) {
      const jayson = require('jayson');
      const c = jayson.Client.tcp({ port, host: '127.0.0.1' });
      return {
        call: (o) =>
          new Promise((res, rej) => c.request('echo', o, (e, err, r) => (e || err ? rej(e || err) : res(r)))),
        close() {},
      };
    },
    maxInflight: 64,
  },
};
