// A network that breaks.

import { expect, test } from 'vitest';
import { listen, send, type Suite } from './setup.js';

export function loss({ brokers, does }: Suite): void {
  test('a lost connection comes back with its subscriptions, and with what it missed', async () => {
    const [engine, a, b] = await brokers(2);
    const [topic, queue, temporary] = [
      await listen(b!, '/topic/#'),
      await listen(b!, '/queue/x'),
      await listen(b!, '/temp-queue/x'),
    ];
    await send(engine, a!, '/topic/x', '1');
    const states: string[] = [];
    b!.onState((state) => states.push(state));
    const back = engine.cut!(b!);
    for (const body of ['2', '3']) await send(engine, a!, '/topic/x', body);
    await send(engine, a!, '/queue/x', 'kept');
    await back;
    await send(engine, a!, '/topic/x', '4');
    if (does('own-temporary')) await send(engine, b!, '/temp-queue/x', 'own');
    expect(states).toEqual(['down', 'connecting', 'up']);
    if (b!.can.has('resume')) expect(topic.bodies).toEqual(['1', '2', '3', '4']);
    else expect(topic.bodies).toContain('4');
    expect(queue.bodies).toEqual(['kept']);
    expect(temporary.bodies).toEqual(does('own-temporary') ? ['own'] : []);
  });
}
