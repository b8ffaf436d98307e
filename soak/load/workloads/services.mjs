// Services: clients that answer other clients. They come and go; a call is answered rightly, refused because nobody
// serves, or not answered because whoever had it is gone.

import { cut, isLoss, openClient } from '../clients.mjs';
import { schemes } from '../setting.mjs';

const ANSWERED = 'services answer rightly';
const SETTLED = 'a call of a service settles in its time, and fails only for want of a connection or a server';
const TIME = 2000;
const GRACE = 3000;
const METHOD_NOT_FOUND = -32601;

export async function services(setting) {
  for (const check of [ANSWERED, SETTLED]) setting.findings.expect(check);
  const names = ['north', 'south'];
  await Promise.all([
    ...schemes.map((scheme, at) => serve(setting.for(`serve ${scheme}`), scheme, names[at % 2])),
    ...schemes.map((scheme, at) =>
      call(setting.for(`call ${scheme}`), scheme, names, at % 2 === 0 ? 'straight' : 'cut'),
    ),
  ]);
}

/** One server of a service after another. */
async function serve(setting, scheme, service) {
  const { random } = setting;
  while (!setting.isOver) {
    const client = await openClient(setting, scheme, random.pick(['straight', 'cut']));
    const methods = {
      greet: async ({ name }) => {
        if (random.chance(0.2)) await setting.pause(1, 100);
        return `${service} greets ${name}`;
      },
    };
    await client.implement({ service: methods }, { service }).catch(() => {});
    await setting.pause(1000, 8000);
    if (random.chance(0.5)) cut(client, setting);
    await client.close();
  }
}

async function call(setting, scheme, names, way) {
  const { random, counts, findings } = setting;
  const client = await openClient(setting, scheme, way);
  let last = 0;
  const callOne = async () => {
    const service = random.pick(names);
    const name = `${scheme}-${++last}`;
    const began = performance.now();
    try {
      const greeting = await client.call('service.greet', { name }, { service, timeout: TIME });
      counts.message('services', 'answered');
      findings.check(
        ANSWERED,
        greeting === `${service} greets ${name}`,
        () => `${greeting} instead of ${service}, ${name}`,
      );
      findings.hold(SETTLED);
    } catch (error) {
      const took = Math.round(performance.now() - began);
      const what = reasonOf(error);
      counts.message('services', what ?? 'failed otherwise');
      const isInTime = took < TIME + GRACE;
      findings.check(
        SETTLED,
        what !== undefined && isInTime,
        () => `${name}: ${error.code} ${error.message}, ${took} ms`,
      );
    }
  };
  await Promise.all([
    setting.repeat(20, 80, callOne),
    setting.repeat(100, 400, () => Promise.all([callOne(), callOne(), callOne()])),
    way === 'straight' && setting.repeat(2000, 8000, () => cut(client, setting)),
  ]);
  await client.close();
}

function reasonOf(error) {
  if (isLoss(error)) return 'lost with the connection';
  if (error.code === METHOD_NOT_FOUND) return 'nobody served';
  if (error.code === 'ERR_CALL_TIME') return 'whoever had it was gone';
  return undefined;
}
