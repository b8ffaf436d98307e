// Text only; the frame class is not exported, so its published dist is driven through a fake WebSocket.
export default {
  name: 'webstomp-client',
  kind: 'peer',
  about: 'string splitting, no unescape; driven through a fake WebSocket',
  codec: {
    skip: (name) => (/utf8/.test(name) && /parse/.test(name) ? 'counts chars, not bytes' : null),
    async encoder() {
      const { ws, client } = await fake();
      let last;
      ws.send = (d) => {
        last = d;
      };
      return {
        encode: (f) => {
          client.send(f.headers.destination, f.body, { ...f.headers });
          return Buffer.from(last);
        },
      };
    },
    async parser(onFrame) {
      const { ws, client } = await fake();
      client.subscriptions = new Proxy(
        {},
        { get: () => (f) => onFrame({ header: (k) => f.headers[k], text: () => f.body }) },
      );
      client.onreceive = (f) => onFrame({ header: (k) => f.headers[k], text: () => f.body });
      return { push: (c) => ws.onmessage({ data: c.toString() }) };
    },
  },
};
async function fake() {
  const mod = await import('webstomp-client');
  const webstomp = mod.default?.over ? mod.default : mod.default.default;
  const ws = { send() {}, close() {}, readyState: 1, protocol: 'v12.stomp' };
  const client = webstomp.over(ws, { debug: false, heartbeat: false, binary: false });
  client.connect({}, () => {});
  ws.onopen();
  ws.onmessage({ data: 'CONNECTED\nversion:1.2\n\n\0' });
  return { ws, client };
}
