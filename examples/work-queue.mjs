// A queue of work: the publisher knows what has arrived, the worker's crash or failure loses nothing.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError } from '@sallyport/core';
import { connect, createServer } from '@sallyport/node';

const server = createServer();
const { port } = await server.listen({ port: 0 });
const url = `tcp://127.0.0.1:${port}`;

const publisher = await connect(url, { firstDelay: 20 });
/** Resolves when the server has the message. One whose confirmation was lost is sent again: it may come twice. */
async function publish(message) {
  for (;;) {
    try {
      return await publisher.stomp.sendConfirmed(message);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error; // refused: once more would not help
      await sleep(20);
    }
  }
}
for (let number = 1; number <= 5; number++) {
  if (number === 3) publisher.cut(); // as if the network had failed
  await publish({ destination: '/queue/work', headers: { number: String(number) }, body: 'paint the gate' });
}

// Somebody takes two of them, and is gone before they are done: they go back to where they stood.
const crashed = await connect(url);
const taken = crashed.stomp.subscribe('/queue/work', { ack: 'client-individual', prefetch: 2 });
await taken.next();
await crashed.close();

// The worker: what it has done and what comes of it happen together or not at all.
const worker = await connect(url);
const done = new Set();
let failures = 0;
for await (const job of worker.stomp.subscribe('/queue/work', { ack: 'client-individual', prefetch: 2 })) {
  const number = job.headers.get('number');
  if (number === '4' && failures++ === 0) {
    job.nack(); // it comes again, 100 ms later; the sixth time it would go to /queue/dead-letter.work
    continue;
  }
  await worker.stomp.transaction(async (transaction) => {
    transaction.ack(job);
    if (!done.has(number)) await transaction.send({ destination: '/queue/done', body: number });
  });
  if (done.add(number).size === 5) break;
}

const results = [];
for await (const { body } of worker.stomp.subscribe('/queue/done')) if (results.push(body) === 5) break;
assert.deepEqual(results.sort(), ['1', '2', '3', '4', '5']);

await Promise.all([publisher.close(), worker.close()]);
await server.close();
console.log('ok: five jobs published, one of them after a cut, one failed once, all done');
