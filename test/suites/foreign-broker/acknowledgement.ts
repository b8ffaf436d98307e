// Who has dealt with what.

import { bodyText } from '@sallyport/core';
import { expect, test } from 'vitest';
import { newName, type Setup, take, takeBodies } from './setup.js';

export function acknowledgement(setup: Setup): void {
  const { connect } = setup;

  async function filled(...bodies: string[]) {
    const client = await connect();
    const destination = `/queue/${newName()}`;
    // ActiveMQ keeps no dead letters of what need not last.
    const headers = { persistent: 'true' };
    for (const body of bodies) await client.stomp.sendConfirmed({ destination, headers, body });
    return { client, destination };
  }

  test('auto: what was delivered is gone', async () => {
    const { client, destination } = await filled('1', '2');
    const other = await connect();
    await take(other.stomp.subscribe(destination), 2);
    await other.close();
    await client.stomp.sendConfirmed({ destination, body: '3' });
    expect(await takeBodies(client.stomp.subscribe(destination), 1)).toEqual(['3']);
  });

  test('client-individual: each for itself; the rest comes again', async () => {
    const { client, destination } = await filled('1', '2', '3');
    const other = await connect();
    const deliveries = await take(other.stomp.subscribe(destination, { ack: 'client-individual' }), 3);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    deliveries[1]!.ack!();
    await other.close();
    const again = await take(client.stomp.subscribe(destination, { ack: 'client-individual' }), 2);
    expect(again.map(({ body }) => bodyText(body))).toEqual(['1', '3']);
    expect(again.map(({ attempt }) => attempt)).toEqual([2, 2]);
  });

  test('client: it and all before it', async () => {
    const { client, destination } = await filled('1', '2', '3');
    const other = await connect();
    const deliveries = await take(other.stomp.subscribe(destination, { ack: 'client' }), 3);
    deliveries[1]!.ack!();
    await other.close();
    expect(await takeBodies(client.stomp.subscribe(destination, { ack: 'client-individual' }), 1)).toEqual(['3']);
  });

  test('prefetch: who is slow gets no more than it asked for', async () => {
    const { client, destination } = await filled('1', '2', '3', '4', '5');
    const slow = client.stomp.subscribe(destination, { ack: 'client-individual', prefetch: 2 });
    expect(await takeBodies(slow, 2)).toEqual(['1', '2']);
    const quick = (await connect()).stomp.subscribe(destination, { ack: 'client-individual', prefetch: 1 });
    for (const expected of ['3', '4', '5']) {
      const [delivery] = await take(quick, 1);
      expect(bodyText(delivery!.body)).toBe(expected);
      delivery!.ack!();
    }
  });

  refusal(setup, filled);
}

function refusal(
  { broker, version, connect }: Setup,
  filled: (...bodies: string[]) => Promise<{ client: Awaited<ReturnType<Setup['connect']>>; destination: string }>,
): void {
  if (version === '1.0') {
    test('nack: STOMP 1.0 has none, and says so', async () => {
      const { client, destination } = await filled('1');
      const [delivery] = await take(client.stomp.subscribe(destination, { ack: 'client-individual' }), 1);
      expect(() => delivery!.nack!()).toThrow(expect.objectContaining({ code: 'ERR_STOMP_COMMAND' }));
      delivery!.ack!();
    });
    return;
  }

  test(`nack: ${broker.deadLetters === undefined ? 'it comes again' : 'it goes to the dead letters'}`, async () => {
    const { client, destination } = await filled('bad');
    const worker = client.stomp.subscribe(destination, { ack: 'client-individual' });
    const [first] = await take(worker, 1);
    first!.nack!();
    const again =
      broker.deadLetters === undefined
        ? worker
        : (await connect()).stomp.subscribe(broker.deadLetters, { ack: 'client-individual' });
    const [second] = await take(again, 1);
    expect(bodyText(second!.body)).toBe('bad');
    second!.ack!();
  });
}
