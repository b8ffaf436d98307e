// The same calls of the same server by JSON-RPC over STOMP and by XML-RPC over HTTP.
import { fileURLToPath } from 'node:url';
import { Agent, pairedRatio, summary, table } from '../lib/measure.mjs';

const CALLS = 1000;
const methods = ['host.getStats', 'vm.list'];
const depths = [1, 16];
const ways = ['stomp', 'xml-rpc', 'json-http'];
const measured = ['sent', 'received', 'perSec', 'serverCpu', 'clientCpu'];

async function xmlRpc({ quick, log }) {
  const rounds = quick ? 5 : 15;
  const file = (name) => fileURLToPath(new URL(`../ways/${name}.mjs`, import.meta.url));
  const part = (agent, name, given) => agent.do('part', { name, given });
  const series = new Map();
  const labels = {};
  for (const inFlight of depths) {
    // A pair of processes for each way, so that none has the other's warm-up or garbage.
    const pairs = [];
    let expected;
    for (const way of ways) {
      const [server, client] = [new Agent(file('server')), new Agent(file(way))];
      const port = await part(server, 'start');
      const answers = JSON.stringify(await part(client, 'connect', { port, inFlight, methods }));
      expected ??= answers;
      if (answers !== expected) throw new Error(`${way} answers otherwise than ${ways[0]}`);
      for (const method of methods) await part(client, 'run', { method, calls: 2 * CALLS, inFlight });
      labels[way] = (await import(`../ways/${way}.mjs`)).default.name;
      pairs.push({ way, server, client });
    }
    for (let round = 0; round < rounds; round++) {
      for (const method of methods) {
        for (const { way, server, client } of pairs) {
          const before = await server.do('cpu');
          const run = await part(client, 'run', { method, calls: CALLS, inFlight });
          const after = await server.do('cpu');
          const key = [method, inFlight, way].join();
          series.set(key, [...(series.get(key) ?? []), { ...run, serverCpu: (after - before) / CALLS }]);
        }
      }
      log(`xml-rpc: ${inFlight} in flight, round ${round + 1} of ${rounds}`);
    }
    await Promise.all(pairs.flatMap(({ server, client }) => [server.kill(), client.kill()]));
  }
  const data = {};
  for (const [key, runs] of series)
    data[key] = Object.fromEntries(measured.map((name) => [name, summary(runs.map((run) => run[name]))]));
  return { data, markdown: `${figures(data, labels)}\n\n${ratios(data, labels)}` };
}

function figures(data, labels) {
  const rows = Object.entries(data).map(([key, all]) => {
    const [method, inFlight, way] = key.split(',');
    const { min, median, max } = all.perSec;
    const spread = `${(min / median).toFixed(2)}-${(max / median).toFixed(2)}`;
    const whole = (name) => Math.round(all[name].median).toString();
    return [
      method,
      inFlight,
      labels[way],
      whole('sent'),
      whole('received'),
      whole('perSec'),
      spread,
      whole('serverCpu'),
      whole('clientCpu'),
    ];
  });
  const head = ['method', 'in flight', 'way', 'bytes of a request', 'bytes of an answer', 'calls/s', 'min-max'];
  return table([...head, 'server CPU us/call', 'client CPU us/call'], rows);
}

/** How many times as much the other ways take as STOMP, round by round. */
function ratios(data, labels) {
  const rows = [];
  for (const method of methods) {
    for (const inFlight of depths) {
      const of = (way, name) => data[[method, inFlight, way].join()][name].rounds;
      for (const way of ways.slice(1)) {
        const ratio = (name) => pairedRatio(of(way, name), of('stomp', name)).toFixed(2);
        rows.push([method, String(inFlight), `${labels[way]} / STOMP`, ...measured.map(ratio)]);
      }
    }
  }
  return table(['method', 'in flight', 'ratio', 'request', 'answer', 'calls/s', 'server CPU', 'client CPU'], rows);
}

export { xmlRpc as 'xml-rpc' };
