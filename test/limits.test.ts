// Every limit is crossed, against a running server; whoever is beside notices nothing.

import { heartBeatDefaults } from '@sallyport/core/stomp';
import { ManualClock } from '@sallyport/core/testing';
import { connect, defaultServerLimits, type ServerOptions } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';
import { startHouse } from './fixtures/house.js';
import type { HouseApi } from './fixtures/house-api.js';
import { callCrossings } from './limits/calls.js';
import type { Crossing, Crossings, LimitName, Stage } from './limits/crossing.js';
import { eventCrossings } from './limits/events.js';
import { frameCrossings } from './limits/frames.js';
import { gateCrossings } from './limits/gate.js';
import { httpCrossings } from './limits/http.js';
import { queueCrossings } from './limits/queues.js';
import { timeCrossings } from './limits/times.js';
import { xmlCrossings } from './limits/xml.js';

const crossings: Crossings = {
  ...frameCrossings,
  ...queueCrossings,
  ...callCrossings,
  ...eventCrossings,
  ...timeCrossings,
  ...gateCrossings,
  ...httpCrossings,
  ...xmlCrossings,
};

test('there is no limit that is not crossed', () => {
  expect(Object.keys(crossings).sort()).toEqual(Object.keys({ ...defaultServerLimits, ...heartBeatDefaults }).sort());
});

test.each(Object.entries(crossings) as [LimitName, Crossing][])('%s', async (name, crossing) => {
  const stage = await setUp(name, crossing);
  const beside = await settleBeside(stage);
  await crossing.cross(stage);
  if (crossing.isForAll !== true) await beside.noticesNothing();
});

async function setUp(name: LimitName, { value, options }: Crossing): Promise<Stage> {
  const clock = new ManualClock();
  const limit: ServerOptions =
    name in heartBeatDefaults ? { [name]: value } : { limits: { ...options?.limits, [name]: value } };
  const house = await startHouse({ ...options, ...limit, clock });
  onTestFinished(async () => {
    // Whoever is being waited for is waited for by that clock.
    const hand = setInterval(() => clock.advance(1000), 5);
    await house.close().finally(() => clearInterval(hand));
  });
  return { house, clock };
}

/** Somebody who calls and listens all the while. */
async function settleBeside({ house }: Stage) {
  const heartBeat = { outgoing: 0, incoming: 0 };
  const client = await connect<HouseApi>(house.urls.tcp, { auth: { token: 'sesame' }, heartBeat });
  onTestFinished(() => client.close());
  const states: string[] = [];
  client.onState((state) => states.push(state));
  const events = client.events<string>('beside');
  await events.ready;
  house.server.emit('beside', 'before');
  return {
    noticesNothing: async () => {
      house.server.emit('beside', 'after');
      for (const data of ['before', 'after'])
        expect((await events.next()).value).toMatchObject({ data, gap: undefined });
      expect(await client.api.house.add({ a: 1, b: 1 })).toBe(2);
      expect(states).toEqual([]);
    },
  };
}
