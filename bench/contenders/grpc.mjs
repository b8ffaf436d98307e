// grpc-js with JSON as the message encoding (no .proto needed), unary call over one HTTP/2 connection.
const def = {
  echo: {
    path: '/bench.Echo/echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: (o) => Buffer.from(JSON.stringify(o)),
    requestDeserialize: (b) => JSON.parse(b),
    responseSerialize: (o) => Buffer.from(JSON.stringify(o)),
    responseDeserialize: (b) => JSON.parse(b),
  },
};
export default {
  name: 'grpc-js',
  kind: 'peer',
  about: 'unary calls, JSON payload',
  rpc: {
    async server() {
      const g = await import('@grpc/grpc-js');
      const grpc = g.default ?? g;
      const s = new grpc.Server();
      s.addService(def, { echo: (call, cb) => cb(null, call.request) });
      const port = await new Promise((r, j) =>
        s.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (e, p) => (e ? j(e) : r(p))),
      );
      return { address: port, close: () => s.forceShutdown() };
    },
    async client(port) {
      const g = await import('@grpc/grpc-js');
      const grpc = g.default ?? g;
      const C = grpc.makeGenericClientConstructor(def, 'Echo');
      const c = new C('127.0.0.1:' + port, grpc.credentials.createInsecure());
      return { call: (o) => new Promise((r, j) => c.echo(o, (e, v) => (e ? j(e) : r(v)))), close: () => c.close() };
    },
  },
};
