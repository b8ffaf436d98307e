// Coming and going: connections by every protocol that live for a moment, and leave in good order or without a word.

import { openClient } from '../clients.mjs';
import { openStomp } from '../plain-stomp.mjs';
import { schemes } from '../setting.mjs';
import { within } from '../../waiting.mjs';
import { openWire } from '../wires.mjs';

const SERVED = 'who comes for a moment is served';
const REFUSED = 'who has the wrong token is refused';

export async function churn(setting) {
  for (const check of [SERVED, REFUSED]) setting.findings.expect(check);
  const visits = [visitByClient, visitByClient, visitByStomp, visitByStomp, visitAndReset, visitAsStranger];
  await Promise.all(
    [0, 1, 2].map((lane) => {
      const own = setting.for(lane);
      return own.repeat(30, 300, async () => {
        const visit = own.random.pick(visits);
        const scheme = own.random.pick(schemes);
        try {
          await visit(own, scheme);
        } catch (error) {
          own.findings.fail(SERVED, `${visit.name} over ${scheme}: ${error.stack}`);
        }
        own.counts.add('churn', visit.name);
      });
    }),
  );
}

async function visitByClient(setting, scheme) {
  const client = await openClient(setting, scheme, 'straight');
  const answer = await client.call('soak.ping');
  setting.findings.check(SERVED, answer === 'pong', `soak.ping answered ${answer}`);
  await client.close();
}

/** Leaves by DISCONNECT, and sees its receipt before the end. */
async function visitByStomp(setting, scheme) {
  const plain = await openStomp(setting, scheme);
  let last;
  plain.on = ({ command, headers }) => (last = `${command} ${headers['receipt-id']}`);
  plain.frame('SUBSCRIBE', { id: '1', destination: '/topic/soak.nobody' });
  plain.frame('DISCONNECT', { receipt: 'bye' });
  await within(10_000, plain.wire.closed, 'leaving');
  setting.findings.check(SERVED, last === 'RECEIPT bye', () => `DISCONNECT over ${scheme} gave ${last}`);
}

/** Breaks off at any moment, be it in the middle of a handshake. */
async function visitAndReset(setting, scheme) {
  const opening = setting.random.chance(0.5)
    ? openStomp(setting, scheme).then(({ wire }) => wire)
    : openWire(setting, scheme, 'straight');
  const wire = await opening;
  await setting.pause(0, setting.random.magnitude(1, 100));
  setting.counts.cut('by a bare connection: reset');
  wire.reset();
  await wire.closed;
}

async function visitAsStranger(setting, scheme) {
  const stranger = Object.assign(setting.for('stranger'), { token: 'guessed' });
  const refusal = await openStomp(stranger, scheme).then(
    ({ wire }) => wire.reset(),
    (error) => error,
  );
  setting.findings.check(REFUSED, /ERROR.*refused/.test(refusal?.message), () => `${refusal?.message ?? 'let in'}`);
}
