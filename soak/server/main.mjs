// The server under load, alone in a process of its own: what it uses is then its own, and what it prints is a finding.
// Its parent asks for measurements and for the end by messages.

import { createServer } from '@sallyport/node';
import { census } from './census.mjs';
import { Gauge } from './gauge.mjs';
import { limits } from './limits.mjs';
import { methods } from './methods.mjs';
import { Ticker } from './ticker.mjs';

const [token] = process.argv.slice(2);
// Nobody is left who could end this process.
process.on('disconnect', () => process.exit(1));
// Ctrl-C is said to all processes of a terminal; what then is to be done is said by the parent.
process.on('SIGINT', () => {});

const server = createServer({
  tls: 'optional',
  limits,
  authenticate: (credentials) => credentials.token === token && { name: 'soak' },
  heartBeat: { outgoing: 1000, incoming: 1000 },
  onError: (error, method) => process.send({ type: 'fault', text: `${method}: ${error.stack}` }),
});
const ticker = new Ticker(server);
server.implement(methods(server));
const { port } = await server.listen({ port: 0 });
const gauge = new Gauge();
process.on('message', (message) => void asked[message.type](message));
process.send({ type: 'listening', port, certificate: server.certificate });

const asked = {
  tick: ({ perSecond }) => ticker.run(perSecond),
  measure: ({ collect }) =>
    process.send({ type: 'measured', ...gauge.read({ collect }), ...census(server), outcomes: server.outcomes }),
  quiet: () => ticker.stop(),
  end: async () => {
    gauge.stop();
    await server.drain({ over: 500 });
    // Nothing is left that would keep this process alive, if all is well.
    process.disconnect();
    process.removeAllListeners('disconnect');
  },
};
