import { describe, expect, test } from 'vitest';
import { EmbeddedBroker } from '../../src/broker/index.js';
import { jsonHeaders } from '../../src/json-headers.js';
import { BrokerRpc, Dispatcher, errorText, JsonRpcPeer, MethodTable, parseJson } from '../../src/jsonrpc/index.js';
import { bodyText, encodeText } from '../../src/text.js';
import { quiet } from '../fixtures/pair.js';
import { textEnds } from '../fixtures/texts.js';
import { exampleMethods, examples } from '../vectors/jsonrpc-examples.js';

function methods(): MethodTable {
  const table = new MethodTable();
  table.add(exampleMethods);
  return table;
}

/** Each asks and resolves with all texts that came back. */
const carriers: Record<string, (sent: string) => Promise<string[]>> = {
  async Dispatcher(sent) {
    let message: unknown;
    try {
      message = parseJson(sent);
    } catch (error) {
      return [errorText(null, error)];
    }
    const answer = await new Dispatcher(methods()).receive(message, { running: new Map() });
    return answer === undefined ? [] : [answer];
  },

  async JsonRpcPeer(sent) {
    const [near, far] = textEnds();
    const peer = new JsonRpcPeer(far, { dispatcher: new Dispatcher(methods()), caller: { running: new Map() } });
    const running = peer.run();
    near.send(sent);
    await quiet();
    await near.close();
    await running;
    return near.received;
  },

  async BrokerRpc(sent) {
    const broker = new EmbeddedBroker();
    new BrokerRpc(broker.link(), { methods: methods() }).serve('/queue/rpc');
    const asker = broker.link();
    const received: string[] = [];
    const inbox = asker.inbox((delivery) => received.push(bodyText(delivery.body)));
    void asker.send({
      destination: '/queue/rpc',
      headers: jsonHeaders,
      body: encodeText(sent),
      replyTo: inbox.address,
    });
    await quiet();
    return received;
  },
};

describe.each(Object.entries(carriers))('the examples of the specification over %s', (_name, ask) => {
  test.each(examples)('$name', async ({ sent, answer }) => {
    const answers = (await ask(sent)).map((text) => JSON.parse(text) as unknown);
    // An error may have `data`, which the specification leaves to the server; all else is compared.
    if (answer === undefined) expect(answers).toEqual([]);
    else expect(answers.map(withoutData)).toEqual([answer]);
  });
});

function withoutData(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (key, value: unknown) => (key === 'data' ? undefined : value)));
}
