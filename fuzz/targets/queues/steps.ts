// The steps of a case: what a byte makes a client do, and what must follow in the model if the server takes it.

import type { Client } from './client.js';
import { DEAD, type Holding, type Model } from './model.js';

/** Bytes that each step takes, whether it needs them or not: so that a change in one leaves the others alone. */
export const STEP_SIZE = 6;

/** The bytes of one step; zeros behind its end. */
export class Choices {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  below(most: number): number {
    return (this.bytes[this.at++] ?? 0) % most;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

export interface Step {
  client: Client;
  model: Model;
  choices: Choices;
  /** A name that was not there before. */
  newName(): string;
}

/** Says something that asks for the receipt `r…`; what is returned is done in the model once that has come. */
export type Say = (step: Step, receipt: string) => (() => void) | undefined;

export const queues = ['/queue/a', '/queue/b'];
const destinations = [...queues, ...queues.map((name) => DEAD + name.slice(7))];
const names = ['t', 'u'];

/** A transaction: one that is open, mostly none, seldom one that is not. */
function transactionOf({ client, choices }: Step): string | undefined {
  const choice = choices.below(16);
  const open = [...client.transactions.keys()];
  if (choice === 15) return 'none';
  return choice >= 8 && open.length > 0 ? open[choice % open.length] : undefined;
}

const send: Say = (step, receipt) => {
  const { client, model, choices, newName } = step;
  const destination = choices.pick(queues);
  const lasts = choices.pick([0, 0, 0, 100, 250]);
  const transaction = transactionOf(step);
  const id = newName();
  const expiration = lasts > 0 ? String(lasts) : undefined;
  client.say('SEND', { destination, receipt, expiration, transaction }, id);
  const sent = (): void => model.add(id, destination, lasts);
  return transaction === undefined ? sent : () => client.transactions.get(transaction)?.sends.push(sent);
};

const subscribe: Say = ({ client, choices }, receipt) => {
  const id = String(choices.below(3));
  const destination = choices.pick(destinations);
  const ack = choices.pick(['auto', 'client', 'client-individual', 'client', 'client-individual'] as const);
  const prefetch = 1 + choices.below(4);
  client.say('SUBSCRIBE', { id, destination, ack, 'prefetch-count': String(prefetch), receipt });
  const holding: Holding = { id, destination, ack, prefetch, isOpen: true, unsettled: new Map(), given: [] };
  return () => client.holdings.set(id, holding);
};

const unsubscribe: Say = ({ client, model, choices }, receipt) => {
  const id = choices.pick([...client.holdings.keys(), 'none']);
  client.say('UNSUBSCRIBE', { id, receipt });
  return () => {
    const open = [...client.transactions.values()];
    const held = new Set(open.flatMap(({ settlements }) => settlements.map(({ item }) => item)));
    model.returned(client.holdings.get(id)!, held);
    client.holdings.delete(id);
  };
};

function settle(command: 'ACK' | 'NACK'): Say {
  return (step, receipt) => {
    const { client, model, choices } = step;
    const held = [...client.holdings.values()].flatMap((one) =>
      [...one.unsettled.keys()].map((name) => [one, name] as const),
    );
    const isBogus = choices.below(32) === 31;
    if (held.length === 0 && !isBogus) return undefined;
    const [holding, name] = isBogus ? [undefined, choices.pick(['', 'x', '1-99', '0'])] : choices.pick(held);
    const transaction = transactionOf(step);
    const key = client.version === '1.2' ? 'id' : 'message-id';
    const subscription = client.version === '1.1' ? (holding?.id ?? '0') : undefined;
    client.say(command, { [key]: name, subscription, transaction, receipt });
    // Of the mode client one that has been settled already may be named again.
    if (holding === undefined) return () => {};
    const how = command === 'ACK' ? 'ack' : 'nack';
    return () => {
      const taken = client.settled(holding, name);
      const open = client.transactions.get(transaction ?? '');
      for (const [own, item] of taken) {
        if (open !== undefined) open.settlements.push({ how, name: own, item, holding });
        else if (how === 'ack') model.acknowledge(item);
        else model.refuse(item);
      }
    };
  };
}

const begin: Say = ({ client, choices }, receipt) => {
  const transaction = choices.pick(names);
  client.say('BEGIN', { transaction, receipt });
  return () => client.transactions.set(transaction, { sends: [], settlements: [] });
};

function end(command: 'COMMIT' | 'ABORT'): Say {
  return ({ client, model, choices }, receipt) => {
    const transaction = choices.pick([...client.transactions.keys(), ...names]);
    client.say(command, { transaction, receipt });
    return () => {
      const { sends, settlements } = client.transactions.get(transaction)!;
      client.transactions.delete(transaction);
      if (command === 'COMMIT') for (const sent of sends) sent();
      for (const { how, name, item, holding } of settlements) {
        if (command === 'COMMIT' && how === 'ack') model.acknowledge(item);
        else if (command === 'COMMIT') model.refuse(item);
        else if (holding.isOpen) holding.unsettled.set(name, item);
        else model.back(item);
      }
    };
  };
}

const disconnect: Say = ({ client }, receipt) => {
  client.say('DISCONNECT', { receipt });
  return () => client.gone();
};

/** More often what is done more often. */
export const says: readonly Say[] = [
  ...[send, send, send, subscribe, subscribe, unsubscribe, settle('ACK'), settle('ACK'), settle('NACK')],
  ...[begin, end('COMMIT'), end('ABORT'), disconnect],
];
