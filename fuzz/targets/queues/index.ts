// Acknowledgements and transactions: three clients, one of each version, do what the bytes of the input say, in any order.
// Every message that was confirmed waits, is out, is done, is among the dead letters, or has expired; one of these, always.

import { EmbeddedBroker } from '@sallyport/core/broker';
import { type Frame, type Version } from '@sallyport/core/stomp';
import { ManualClock, settled } from '@sallyport/core/testing';
import { bodyText } from '@sallyport/core';
import fc from 'fast-check';
import { check, checkSame, type Target, Violation } from '../../target.js';
import { Client } from './client.js';
import { DEAD, limits, Model } from './model.js';
import { Choices, queues, says, STEP_SIZE } from './steps.js';

const versions: readonly Version[] = ['1.2', '1.1', '1.0'];

/** Somebody who takes messages from the first queue, to begin with. */
const SUBSCRIBE = [3, 0, 0, 0, 2, 1];

/** More steps find no more. */
const MOST_STEPS = 120;

export const queuesModel: Target = {
  name: 'queues-model',
  weight: 2,
  words: [],
  seeds: ['\x03\0\0\0\x01\x03\0\0\0\0\0\0\x06\0\0\0\0\0'],
  inputs: fc
    .record({
      // Few kinds of steps at a time, by few clients: so that what takes several of a kind comes about.
      kinds: fc.uniqueArray(fc.nat(15), { minLength: 2, maxLength: 6 }),
      places: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }),
      steps: fc.array(fc.uint8Array({ minLength: STEP_SIZE, maxLength: STEP_SIZE }), { minLength: 5, maxLength: 60 }),
      isOneQueue: fc.boolean(),
    })
    .map(({ kinds, places, steps, isOneQueue }) => {
      const picked = steps.map(([kind = 0, place = 0, first = 0, second = 0, ...rest]) => {
        const step = kinds[kind % kinds.length]!;
        const isSend = says[step % says.length] === says[0];
        return [
          step,
          places[place % places.length]!,
          isOneQueue && isSend ? 0 : first,
          isOneQueue && !isSend ? 0 : second,
          ...rest,
        ];
      });
      return Uint8Array.from([SUBSCRIBE, ...picked].flat());
    }),
  async run(input) {
    const world = new World();
    try {
      for (let at = 0; at < Math.min(input.length, MOST_STEPS * STEP_SIZE); at += STEP_SIZE) {
        await world.step(new Choices(input.subarray(at, at + STEP_SIZE)));
      }
      await world.end();
    } catch (error) {
      throw new Violation(`${(error as Error).message}\n${world.story.join('\n')}`);
    }
  },
};

class World {
  /** What was said and heard. */
  readonly story: string[] = [];
  private readonly clock = new ManualClock();
  private readonly model = new Model(() => this.clock.now());
  private readonly broker = new EmbeddedBroker({
    clock: this.clock,
    limits,
    onLost: ({ body }) => this.model.lost(bodyText(body)),
  });
  private readonly clients: (Client | undefined)[] = [];
  private names = 0;

  async step(choices: Choices): Promise<void> {
    const choice = choices.below(16);
    const client = await this.client(choices.below(3));
    if (choice === 15) await this.advance(choices.pick([50, 100, 150, 400]));
    else if (choice === 14) client.cut();
    else await this.say(client, choice, choices);
    await settled();
    this.hear();
  }

  async end(): Promise<void> {
    // One after the other: what one gives back may still go to the next.
    for (const client of this.clients) {
      if (client?.isOpen) client.cut();
      await settled();
      this.hear();
    }
    this.clock.advance(1000);
    const found: string[] = [];
    const link = this.broker.link();
    for (const name of queues.flatMap((queue) => [queue, DEAD + queue.slice(7)])) {
      link.subscribe(name, ({ body }) => void found.push(bodyText(body)));
    }
    await link.close();
    checkSame(found.sort(), this.model.kept, 'what is left, and what should be');
    check(
      this.broker.queuedBytes === 0,
      `${this.broker.queuedBytes} bytes are counted as queued, and there is nothing`,
    );
    check(this.clock.pending === 0, `${this.clock.pending} alarms are left`);
  }

  /** In steps that no time in the limits and steps falls between. */
  private async advance(time: number): Promise<void> {
    this.story.push(`${time} ms later`);
    for (let left = time; left > 0; left -= 50) {
      this.clock.advance(50);
      await settled();
      this.hear(undefined, true);
    }
  }

  private async client(place: number): Promise<Client> {
    const known = this.clients[place];
    if (known?.isOpen) return known;
    const client = new Client(versions[place]!, this.broker, this.clock, this.model, this.story);
    this.clients[place] = client;
    await settled();
    return client;
  }

  private async say(client: Client, choice: number, choices: Choices): Promise<void> {
    const receipt = `r${++this.names}`;
    const newName = (): string => `m${++this.names}`;
    const then = says[choice % says.length]!({ client, model: this.model, choices, newName }, receipt);
    if (then === undefined) return;
    await settled();
    this.hear(() => {
      if (client.receipts.has(receipt)) then();
      else client.gone();
    });
  }

  /** First what is confirmed, then what was delivered: the order in which the server did it. */
  private hear(then?: () => void, isInAnyOrder = false): void {
    const messages: [Client, Frame][] = [];
    for (const client of this.clients) {
      for (const frame of client?.heard() ?? []) {
        if (frame.command === 'RECEIPT') client!.receipts.add(frame.header('receipt-id')!);
        else if (frame.command === 'MESSAGE') messages.push([client!, frame]);
        else if (frame.command === 'ERROR') check(frame.header('error-code') !== 'ERR_INTERNAL', 'an internal error');
      }
    }
    then?.();
    const delivered = messages.map(([client, frame]) => client.take(frame));
    // What becomes due in the same moment may come in any order.
    if (!isInAnyOrder) this.model.checkOrder(delivered);
    this.model.checkNobodyWaits(this.clients.flatMap((client) => [...(client?.holdings.values() ?? [])]));
  }
}
