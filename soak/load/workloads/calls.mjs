// Calls by our client over all four carriers, small and large ones, those that may be sent again and those that must not:
// each is answered rightly, or says that it was lost.

import { cut, connected, isLoss, openClient } from '../clients.mjs';
import { schemes } from '../setting.mjs';
import { until } from '../../waiting.mjs';

const ANSWERED = 'calls are answered rightly';
const SETTLED = 'every call settles, and only a broken connection loses one';
const ONCE = 'a call runs once at most, and once if it was answered; a repeatable one at least once';
const BACK = 'the server can call its clients';

export async function calls(setting) {
  for (const check of [ANSWERED, SETTLED, ONCE, BACK]) setting.findings.expect(check);
  const ways = ['straight', 'straight', 'cut', 'cut'];
  const callers = schemes.flatMap((scheme) => ways.map((way, at) => ({ scheme, way, name: `${scheme}-${way}-${at}` })));
  await Promise.all(callers.map((caller) => call(setting.for(caller.name), caller)));
}

async function call(setting, { scheme, way, name }) {
  const client = await openClient(setting, scheme, way);
  await client.implement({ guest: { echo: ({ value }) => ({ value }) } }).catch(() => {});
  const caller = new Caller(setting, client, name);
  await Promise.all([
    setting.repeat(20, 80, () => caller.callSomething()),
    setting.repeat(20, 80, () => caller.callSomething()),
    setting.repeat(200, 800, () => caller.run()),
    way === 'straight' && setting.repeat(5000, 20_000, () => caller.loseConnection()),
  ]);
  await until(() => caller.pending === 0, 35_000);
  setting.findings.check(SETTLED, caller.pending === 0, () => `${name}: ${caller.pending} calls have not settled`);
  await caller.checkRuns();
  await client.close();
}

class Caller {
  pending = 0;
  #setting;
  #client;
  #name;
  #lastKey = 0;
  /** Those of `soak.run` that have settled, and how. */
  #runs = [];

  constructor(setting, client, name) {
    this.#setting = setting;
    this.#client = client;
    this.#name = name;
  }

  loseConnection() {
    cut(this.#client, this.#setting);
  }

  async callSomething() {
    const { random } = this.#setting;
    const kind = random.pick(['small', 'small', 'small', 'large', 'slow', 'back', 'failing', 'several']);
    const value = {
      number: random.whole(0, 1e9),
      text: 'päivää '.repeat(kind === 'large' ? random.magnitude(100, 40_000) : 3),
    };
    const idempotent = random.chance(0.3);
    if (kind === 'slow') await this.#expect('soak.slow', { time: random.whole(1, 300), value }, value, idempotent);
    else if (kind === 'back') await this.#expect('soak.callBack', { value }, value, idempotent, BACK);
    else if (kind === 'failing') await this.#expectFailure();
    else if (kind === 'several')
      await Promise.all(Array.from({ length: 10 }, () => this.#expect('soak.echo', { value }, value, idempotent)));
    else await this.#expect('soak.echo', { value }, value, idempotent);
  }

  async #expect(method, params, value, idempotent, check = ANSWERED) {
    const { findings } = this.#setting;
    const { result, error } = await this.#settle(method, params, { idempotent });
    if (error !== undefined) return void this.#judge(method, error, idempotent);
    const isRight = JSON.stringify(result) === JSON.stringify({ value });
    findings.check(check, isRight, () => `${this.#name}: ${method} answered ${JSON.stringify(result).slice(0, 200)}`);
  }

  async #expectFailure() {
    const { error, result } = await this.#settle('soak.fail', {}, {});
    if (isLoss(error)) return void this.#judge('soak.fail', error, false);
    const isRight = error?.code === 4001 && error.data?.really === true;
    this.#setting.findings.check(
      ANSWERED,
      isRight,
      () => `${this.#name}: soak.fail gave ${error ?? JSON.stringify(result)}`,
    );
  }

  /** A call that is counted where it runs. */
  async run() {
    const { random } = this.#setting;
    const key = `${this.#name}/${++this.#lastKey}`;
    const idempotent = random.chance(0.5);
    const { error } = await this.#settle('soak.run', { key }, { idempotent });
    if (error !== undefined) this.#judge('soak.run', error, idempotent);
    this.#runs.push({ key, idempotent, sent: error === undefined ? 'answered' : error.sent, at: performance.now() });
    // Those of a connection that was lost just now may still be on their way.
    if (this.#runs.length > 100 && this.#runs[50].at < performance.now() - 10_000) await this.checkRuns(50);
  }

  async checkRuns(most = Infinity) {
    const runs = this.#runs.splice(0, most);
    if (runs.length === 0) return;
    await connected(this.#client);
    const keys = runs.map(({ key }) => key);
    const { result: counts, error } = await this.#settle('soak.runs', { keys }, { idempotent: false });
    // They have been forgotten, or not; it is not known.
    if (error !== undefined) return void this.#judge('soak.runs', error, false);
    runs.forEach(({ key, idempotent, sent }, at) => {
      const count = counts[at];
      const least = sent === 'answered' ? 1 : 0;
      const most = sent === 'no' ? 0 : idempotent ? Infinity : 1;
      const text = `${key} ran ${count} times; it was ${sent}, ${idempotent ? 'repeatable' : 'not repeatable'}`;
      this.#setting.findings.check(ONCE, count >= least && count <= most, text);
      if (count > 1) this.#setting.counts.add('calls', 'run again after a loss');
    });
  }

  async #settle(method, params, options) {
    this.pending++;
    try {
      return { result: await this.#client.call(method, params, options) };
    } catch (error) {
      return { error };
    } finally {
      this.pending--;
      this.#setting.counts.message('calls', 'made');
    }
  }

  /** A failure must be that of a connection that was lost, and a repeatable call survives that. */
  #judge(method, error, idempotent) {
    const { findings, counts } = this.#setting;
    const isExplained = isLoss(error) && !idempotent;
    findings.check(SETTLED, isExplained, () => `${this.#name}: ${method} failed by ${error.code} ${error.message}`);
    if (isExplained) counts.add('calls', 'lost with their connection');
  }
}
