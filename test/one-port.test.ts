// One port, four schemes: the same tests over each.

import { connect } from '@sallyport/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, type Scheme, startHouse } from './fixtures/house.js';
import type { HouseApi } from './fixtures/house-api.js';
import { bothWays } from './suites/both-ways.js';

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(async () => {
  await house.close();
});

const schemes: Scheme[] = ['tcp', 'tls', 'ws', 'wss'];

for (const scheme of schemes) {
  bothWays(scheme, (options) => connect<HouseApi>(house.urls[scheme], { ca: house.certificate, ...options }));
}

test('all four at once, and they see each other', async () => {
  const clients = await Promise.all(
    schemes.map((scheme) => connect<HouseApi>(house.urls[scheme], { ca: house.certificate })),
  );
  const streams = clients.map((client) => client.events('all.#'));
  await Promise.all(streams.map(({ ready }) => ready));
  await Promise.all(clients.map((client, at) => client.emit(`all.${schemes[at]}`)));
  for (const stream of streams) {
    const names: string[] = [];
    while (names.length < 4) names.push((await stream.next()).value!.name as string);
    expect(names.sort()).toEqual(['all.tcp', 'all.tls', 'all.ws', 'all.wss']);
  }
  await Promise.all(clients.map((client) => client.close()));
  await expect.poll(() => house.server.sessions.size).toBe(0);
});
