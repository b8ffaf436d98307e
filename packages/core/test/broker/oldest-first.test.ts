import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OldestFirst } from '../../src/broker/oldest-first.js';
import type { QueueItem } from '../../src/broker/queue-item.js';

it('gives the oldest first, whatever was put in, given and taken out in between', () => {
  const order = fc.integer({ min: 0, max: 50 });
  const step = fc.oneof(order, fc.constant('shift' as const), fc.record({ below: order }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const items = new OldestFirst();
      let model: number[] = [];
      for (const one of steps) {
        if (typeof one === 'number') {
          items.push({ order: one } as QueueItem);
          model = [...model, one].sort((a, b) => a - b);
        } else if (one === 'shift') {
          expect(items.shift()?.order).toBe(model.shift());
        } else {
          const taken = items.take((item) => item.order < one.below).map((item) => item.order);
          expect(taken.sort((a, b) => a - b)).toEqual(model.filter((each) => each < one.below));
          model = model.filter((each) => each >= one.below);
        }
        expect([items.length, items.first?.order]).toEqual([model.length, model[0]]);
      }
    }),
  );
});
