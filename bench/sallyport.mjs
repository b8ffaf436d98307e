// Sallyport itself: the codec, and calls, events and connections over WebSocket.
import { fileURLToPath } from 'node:url';

const codec = {
  async encoder() {
    const { encodeFrame, Frame } = await import('@sallyport/core/stomp');
    const { HeaderList } = await import('@sallyport/core');
    const text = ({ command, headers, body }) => encodeFrame(new Frame(command, HeaderList.of(headers), body), '1.2');
    return {
      encode: (frame) => Buffer.from(text(frame)),
      // What a connection does: everything that is sent in one turn leaves as one text.
      encodeBatch: (frames) => Buffer.from(frames.map(text).join('')),
    };
  },
  async parser(onFrame) {
    const { Decoder } = await import('@sallyport/core/stomp');
    const decoder = new Decoder({ from: 'server' });
    decoder.version = '1.2';
    const show = (frame) => onFrame({ header: (name) => frame.header(name), text: () => frame.text });
    return {
      push(chunk) {
        decoder.push(chunk);
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) show(frame);
      },
    };
  },
};

/** The parts that differ by nothing but the scheme. */
export function over(scheme) {
  const server = async () => {
    const { createServer } = await import('@sallyport/node');
    const server = createServer({ limits: { connectionsPerAddress: 10_000, unauthenticated: 10_000 } });
    server.implement({ echo: (params) => params });
    const { port } = await server.listen({ port: 0 });
    return { address: `${scheme}://127.0.0.1:${port}`, close: () => server.close() };
  };
  const connect = async (address) => (await import('@sallyport/node')).connect(address);
  return {
    rpc: {
      server,
      async client(address) {
        const client = await connect(address);
        return { call: (object) => client.call('echo', object), close: () => client.close() };
      },
    },
    pubsub: {
      server,
      async subscriber(address, onMessage) {
        const client = await connect(address);
        const events = client.events('news');
        await events.ready;
        void (async () => {
          for await (const event of events) if (event.gap === undefined) onMessage(event.data);
        })();
        return { close: () => client.close() };
      },
      async publisher(address) {
        const client = await connect(address);
        return { publish: (object) => client.emit('news', object), close: () => client.close() };
      },
    },
    conn: { server, client: connect },
  };
}

export default {
  name: 'sallyport',
  kind: 'ours',
  about: 'JSON-RPC and events over STOMP over WebSocket',
  codec,
  ...over('ws'),
  // By its path: the harness need not be installed beside us.
  bundle: `export { connect } from ${JSON.stringify(fileURLToPath(import.meta.resolve('@sallyport/websocket')))};`,
};
