// What the compiler must say of `client.stomp`; `tsc` fails where it does not.

import { expectTypeOf, test } from 'vitest';
import type { Delivery } from '../../src/broker/index.js';
import type { DeliveryStream, StompBroker, StompDelivery } from '../../src/client/index.js';

declare const stomp: StompBroker;

/** What is written in here is compiled, and never run. */
function compiled(_code: () => unknown): void {}

test('with an ack mode each delivery can be settled, and without one it is not said to be', () => {
  expectTypeOf<StompDelivery['ack']>().toEqualTypeOf<() => void>();
  expectTypeOf<StompDelivery['nack']>().toEqualTypeOf<() => void>();
  compiled(() => {
    const auto = stomp.subscribe('/queue/work');
    expectTypeOf(auto).toEqualTypeOf<DeliveryStream>();
    const work = stomp.subscribe('/queue/work', { ack: 'client-individual', prefetch: 1 });
    expectTypeOf(work).toEqualTypeOf<DeliveryStream<StompDelivery>>();
    stomp.subscribe('/queue/work', (delivery) => delivery.ack(), { ack: 'client' });
    stomp.subscribe('/queue/work', (delivery) => expectTypeOf(delivery).toEqualTypeOf<Delivery>());
    stomp.subscribe('/queue/work', (delivery) => expectTypeOf(delivery).toEqualTypeOf<Delivery>(), { prefetch: 1 });
  });
});

test('mistakes do not compile', () => {
  compiled(() => [
    // @ts-expect-error what is delivered by `auto` is settled already
    stomp.subscribe('/queue/work', (delivery) => delivery.ack()),
    // @ts-expect-error no such mode
    stomp.subscribe('/queue/work', { ack: 'individual' }),
  ]);
});
