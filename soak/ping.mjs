// Healthy clients that only ask for a sign of life, in the driver's process, where nothing else is going on: what they
// wait is what the server makes everybody wait.

import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@sallyport/node';
import { Latencies } from './latencies.mjs';

/** Between an answer and the next question, milliseconds. */
const INTERVAL = 20;
/** What the last answers may take at the end, milliseconds. */
const LAST_ANSWER = 2000;
const HEALTHY = 'healthy clients are answered, and keep their connection';

export class Ping {
  total = new Latencies();
  #second = new Latencies();
  #findings;
  #clients = [];
  #isOver = false;
  #asking = [];

  constructor(findings) {
    this.#findings = findings;
    findings.expect(HEALTHY);
  }

  async start({ port, certificate: ca, token }) {
    for (const scheme of ['tcp', 'wss']) {
      const client = await connect(`${scheme}://127.0.0.1:${port}`, { ca, auth: { token } });
      client.onState((state, { error }) => {
        if (!this.#isOver) this.#findings.fail(HEALTHY, `${scheme}: ${state}, ${error?.message} ${error?.cause ?? ''}`);
      });
      this.#clients.push(client);
      this.#asking.push(this.#ask(client, scheme));
    }
  }

  /** The latencies since it was last asked. */
  lap() {
    const lap = this.#second;
    this.#second = new Latencies();
    return { p50: lap.quantile(0.5), p99: lap.quantile(0.99), max: lap.max };
  }

  async stop() {
    this.#isOver = true;
    // If nobody answers any more, closing ends the waiting.
    await Promise.race([Promise.all(this.#asking), sleep(LAST_ANSWER)]);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #ask(client, scheme) {
    while (!this.#isOver) {
      const began = performance.now();
      try {
        const answer = await client.call('soak.ping');
        this.#findings.check(HEALTHY, answer === 'pong', `${scheme}: answered ${answer}`);
      } catch (error) {
        this.#findings.fail(HEALTHY, `${scheme}: ${error.code} ${error.message}`);
      }
      const took = performance.now() - began;
      this.total.add(took);
      this.#second.add(took);
      await sleep(INTERVAL);
    }
  }
}
