// One client serves, another one calls it by the service's name; the server only carries.
import assert from 'node:assert/strict';
import { connect, createServer } from '@sallyport/node';

const server = createServer();
const { port } = await server.listen({ port: 0 });
const url = `tcp://127.0.0.1:${port}`;

const agents = await Promise.all([connect(url), connect(url)]);
const worked = [0, 0];
for (const [index, agent] of agents.entries()) {
  const wipe = async ({ disk }, call) => {
    worked[index]++;
    call.progress(50);
    return `${disk} is empty`;
  };
  await agent.implement({ wipe }, { service: 'disks' });
}

const caller = await connect(url);
const percents = [];
const onProgress = (percent) => percents.push(percent);
const wipe = (disk) => caller.call('wipe', { disk }, { service: 'disks', onProgress });

assert.equal(await wipe('sda'), 'sda is empty');
assert.equal(await wipe('sdb'), 'sdb is empty');
assert.deepEqual(percents, [50, 50]);
assert.deepEqual(worked, [1, 1], 'those who serve take turns');

// The agents leave: whoever calls is told at once instead of waiting.
await Promise.all(agents.map((agent) => agent.close()));
await assert.rejects(wipe('sdc'), { code: -32601, data: 'nobody serves /queue/rpc.disks' });

await caller.close();
await server.close();
console.log('ok: two agents served, one client called');
