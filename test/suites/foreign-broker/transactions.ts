// All of it or nothing.

import { bodyText } from '@sallyport/core';
import { expect, test } from 'vitest';
import { newName, type Setup, take, takeBodies } from './setup.js';

export function transactions({ connect }: Setup): void {
  async function moving() {
    const client = await connect();
    const [from, to] = [`/queue/${newName()}`, `/queue/${newName()}`];
    await client.stomp.sendConfirmed({ destination: from, body: 'moved' });
    const [delivery] = await take(client.stomp.subscribe(from, { ack: 'client-individual' }), 1);
    return { client, from, to, delivery: delivery! };
  }

  test('a commit does all of it', async () => {
    const { client, from, to, delivery } = await moving();
    await client.stomp.transaction((transaction) => {
      void transaction.send({ destination: to, body: bodyText(delivery.body) });
      transaction.ack(delivery);
    });
    expect(await takeBodies(client.stomp.subscribe(to), 1)).toEqual(['moved']);
    await client.close();
    const other = await connect();
    await other.stomp.sendConfirmed({ destination: from, body: 'next' });
    expect(await takeBodies(other.stomp.subscribe(from), 1)).toEqual(['next']);
  });

  test('what throws does nothing of it', async () => {
    const { client, from, to, delivery } = await moving();
    const work = client.stomp.transaction((transaction) => {
      void transaction.send({ destination: to, body: 'lost' });
      transaction.ack(delivery);
      throw new Error('not so');
    });
    await expect(work).rejects.toThrow('not so');
    await client.stomp.sendConfirmed({ destination: to, body: 'other' });
    expect(await takeBodies(client.stomp.subscribe(to), 1)).toEqual(['other']);
    await client.close();
    expect(await takeBodies((await connect()).stomp.subscribe(from), 1)).toEqual(['moved']);
  });

  test('a connection that ends does nothing of it', async () => {
    const { client, from, to, delivery } = await moving();
    const transaction = client.stomp.begin();
    await transaction.send({ destination: to, body: 'lost' });
    transaction.ack(delivery);
    client.cut();
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    await client.close();
    const other = await connect();
    expect(await takeBodies(other.stomp.subscribe(from), 1)).toEqual(['moved']);
    await other.stomp.sendConfirmed({ destination: to, body: 'other' });
    expect(await takeBodies(other.stomp.subscribe(to), 1)).toEqual(['other']);
  });
}
