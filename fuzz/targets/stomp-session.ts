// A whole session of the server, over a stream in memory: whatever is said, it ends as STOMP has it and leaves nothing.

import { SallyportError } from '@sallyport/core';
import { EmbeddedBroker } from '@sallyport/core/broker';
import { Decoder, type Frame, serveStomp, type Version } from '@sallyport/core/stomp';
import { ManualClock, memoryStreams, settled } from '@sallyport/core/testing';
import fc from 'fast-check';
import { bytesOf, check, octetsOf, pieces, type Target, withTime } from '../target.js';
import { clientFrames, stompWords } from './stomp-words.js';

const limits = {
  headerLine: 300,
  headerCount: 20,
  frameHead: 1000,
  body: 3000,
  queueBytes: 20_000,
  subscriptions: 5,
  transactions: 3,
};

const greetings = ['1.0', '1.1', '1.2', '1.0,1.1,1.2'].map((list) => `CONNECT\naccept-version:${list}\nhost:h\n\n\0`);

export const stompSession: Target = {
  name: 'stomp-session',
  weight: 2,
  words: stompWords,
  seeds: greetings.flatMap((greeting) => [
    greeting +
      'SEND\ndestination:/queue/a\nreceipt:1\n\nhello\0SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\n\n\0',
    greeting +
      'BEGIN\ntransaction:t\n\n\0SEND\ndestination:/queue/a\ntransaction:t\n\nx\0COMMIT\ntransaction:t\nreceipt:2\n\n\0',
    greeting +
      'SUBSCRIBE\nid:1\ndestination:/topic/a.#\n\n\0SEND\ndestination:/topic/a.b\n\nx\0DISCONNECT\nreceipt:3\n\n\0',
    greeting +
      'SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client-individual\n\n\0SEND\ndestination:/queue/a\n\nx\0ACK\nid:1-1\n\n\0NACK\nid:1-1\n\n\0',
  ]),
  inputs: fc.tuple(fc.constantFrom(...greetings, ''), clientFrames).map(([greeting, rest]) => bytesOf(greeting + rest)),

  async run(input) {
    const clock = new ManualClock();
    const broker = new EmbeddedBroker({ clock, limits });
    const [client, server] = memoryStreams();
    const late: string[] = [];
    const ended = serveStomp(server, {
      sessionId: 's',
      clock,
      limits,
      authenticate: () => broker.link(),
      permit: (action, { destination }) => {
        if (octetsOf(server.sent.at(-1) ?? new Uint8Array()).startsWith('ERROR\n'))
          late.push(`${action} ${destination}`);
        return undefined;
      },
    });
    for (const chunk of pieces(input)) client.send(chunk);
    await settled();
    clock.advance(1000);
    await settled();
    await client.close();
    const outcome = await withTime(clock, ended);
    check(outcome === undefined || outcome instanceof SallyportError, `it ended with ${String(outcome)}`);
    check(outcome === undefined || outcome.code !== 'ERR_INTERNAL', `an internal error: ${String(outcome?.cause)}`);
    checkTalk(spoken(server.sent), outcome);
    check(late.length === 0, `done after an ERROR: ${late.join()}`);
    await checkNothingLeft(broker, clock);
  },
};

/** The frames that were sent. */
function spoken(sent: readonly Uint8Array[]): Frame[] {
  const decoder = new Decoder({ from: 'server', limits: { leadingEols: Infinity } });
  const frames: Frame[] = [];
  for (const chunk of sent) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      frames.push(frame);
      if (frame.command === 'CONNECTED') decoder.version = frame.header('version') as Version;
    }
  }
  check(decoder.held === 0, 'half a frame was sent');
  return frames;
}

function checkTalk(frames: readonly Frame[], outcome: Error | undefined): void {
  const commands = frames.map(({ command }) => command);
  const errors = commands.filter((command) => command === 'ERROR').length;
  check(errors <= 1 && (errors === 0 || commands.at(-1) === 'ERROR'), `an ERROR is the last word: ${commands.join()}`);
  check(errors === 0 || outcome !== undefined, 'there was an ERROR, and the end was called good');
  check(
    commands.slice(1).every((command) => command !== 'CONNECTED'),
    `CONNECTED twice: ${commands.join()}`,
  );
  check(commands.length === 0 || ['CONNECTED', 'ERROR'].includes(commands[0]!), `it begins with ${commands[0]}`);
}

/** Once all queues are emptied nothing is left: no byte that is counted, no alarm. */
async function checkNothingLeft(broker: EmbeddedBroker, clock: ManualClock): Promise<void> {
  const link = broker.link();
  const { queues } = broker as unknown as { queues: Map<string, unknown> };
  for (const destination of [...queues.keys()]) link.subscribe(destination, () => {}).close();
  clock.advance(60_000);
  for (const destination of [...queues.keys()]) link.subscribe(destination, () => {}).close();
  await link.close();
  check(broker.queuedBytes === 0, `${broker.queuedBytes} bytes are counted as queued, and there is nothing`);
  check(queues.size === 0, `queues are left: ${[...queues.keys()].join()}`);
  check(clock.pending === 0, `${clock.pending} alarms are left`);
}
