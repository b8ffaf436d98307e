// What every Broker promises, run over each: embedded, over STOMP, on other engines.

import type { Broker, BrokerLimits } from '@sallyport/core/broker';
import { afterEach, describe } from 'vitest';
import { acknowledgement } from './broker/acknowledgement.js';
import { bounds } from './broker/bounds.js';
import { loss } from './broker/loss.js';
import { queues } from './broker/queues.js';
import { refusals } from './broker/refusals.js';
import { replies, temporaryQueues } from './broker/replies.js';
import { hostileReplyTo, ownReplyTo } from './broker/reply-to.js';
import { resume } from './broker/resume.js';
import { type BrokerSuiteOptions, type Engine, notOurs, type Suite } from './broker/setup.js';
import { topics } from './broker/topics.js';
import { transactions } from './broker/transactions.js';

export type { BrokerSuiteOptions, Engine, Lack } from './broker/setup.js';

export function brokerSuite(
  name: string,
  open: (limits?: Partial<BrokerLimits>) => Promise<Engine>,
  { isOurs = false, cuts = true, lacks = [], refused = notOurs }: BrokerSuiteOptions = {},
): void {
  const engines: Engine[] = [];
  const suite: Suite = {
    isOurs,
    cuts,
    refused,
    does: (what) => !lacks.includes(what),
    async brokers(count, limits) {
      const engine = await open(limits);
      engines.push(engine);
      const connections: Broker[] = [];
      for (let n = 0; n < count; n++) connections.push(await engine.connect());
      return [engine, ...connections];
    },
  };

  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });

  describe(name, () => {
    describe('topics', () => topics(suite));
    describe('queues', () => queues(suite));
    describe('replies', () => replies(suite));
    describe('temporary queues', () => temporaryQueues(suite));
    describe('refuses', () => refusals(suite));
    if (isOurs) {
      describe('a hostile reply-to is refused', () => hostileReplyTo(suite));
      describe('an own queue or topic as reply-to', () => ownReplyTo(suite));
      describe('bounds', () => bounds(suite));
      describe('resume', () => resume(suite));
    }
    describe('acknowledgement', () => acknowledgement(suite));
    describe('transactions', () => transactions(suite));
    if (cuts) loss(suite);
  });
}
