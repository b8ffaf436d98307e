// A call that nobody waits for any more stops where it runs.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createServer } from '@sallyport/node';

const server = createServer();
const reasons = [];
server.implement({
  copy: async (_params, call) => {
    try {
      for (let percent = 0; ; percent++) {
        call.progress(percent);
        await sleep(10, undefined, { signal: call.signal });
      }
    } catch (error) {
      reasons.push(call.signal.reason.message);
      throw error;
    }
  },
});
const { port } = await server.listen({ port: 0 });
const client = await connect(`tcp://127.0.0.1:${port}`);

// Cancelled by a signal, once it has come to 3 percent: the call rejects with the signal's own reason.
const stop = new AbortController();
const onProgress = (percent) => percent === 3 && stop.abort(new Error('changed my mind'));
await assert.rejects(client.api.copy({}, { signal: stop.signal, onProgress }), { message: 'changed my mind' });

// Over after 100 ms, at both ends; the error tells that the call had been at work.
const late = await client.api.copy({}, { timeout: 100, onProgress: () => {} }).catch((error) => error);
assert.equal(late.code, 'ERR_CALL_TIME');
assert.equal(late.sent, 'yes');

// A connection that ends takes its calls with it.
const lost = client.api.copy({}, { onProgress: () => client.cut() }).catch((error) => error);
assert.equal((await lost).code, 'ERR_CONNECTION_LOST');

while (reasons.length < 3) await sleep(5);
assert.equal(reasons[0], 'cancelled by the caller');
assert.match(reasons[1], /cancelled by the caller|the time of this call was over/); // whoever was first
await client.close();
await server.close();
console.log('ok: cancelled, too late and cut off; the handler stopped each time');
