// What is refused, and that it is said.

import { expect, test } from 'vitest';
import { listen, message, type Suite } from './setup.js';

export function refusals({ brokers, refused }: Suite): void {
  test.each(refused.send)('to send to %j', async (destination) => {
    const [engine, a] = await brokers(1);
    await expect(engine.confirm(a!, message(destination, 'x'))).rejects.toThrow();
  });

  // Of none at all there would be nothing to run.
  if (refused.subscribe.length > 0)
    test.each(refused.subscribe)('to subscribe %j', async (destination) => {
      const [, a] = await brokers(1);
      await expect(listen(a!, destination)).rejects.toThrow();
    });

  test('everything once it is closed', async () => {
    const [, a] = await brokers(1);
    const states: string[] = [];
    a!.onState((state) => states.push(state));
    await a!.close();
    await a!.close();
    expect(a!.state).toBe('closed');
    expect(states).toEqual(['closed']);
    expect(() => a!.send(message('/topic/x', 'x'))).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
}
