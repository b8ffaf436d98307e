import { describe, expect, it } from 'vitest';
import { type Delivery, History } from '../../src/broker/index.js';
import { HeaderList } from '../../src/header-list.js';
import { ManualClock } from '../../src/testing/index.js';

const roomy = { historyEvents: 1000, historyBytes: 1_000_000, historyTime: 1000 };

function start(limits: Partial<typeof roomy> = {}) {
  const clock = new ManualClock();
  const history = new History('epoch', { ...roomy, ...limits }, clock);
  const add = (body: string, topic = 'a', headers = HeaderList.empty): string => {
    const cursor = history.nextCursor;
    history.add(
      { destination: `/topic/${topic}`, headers, body, id: body, cursor } satisfies Delivery,
      topic.split('.'),
    );
    return cursor;
  };
  const after = (cursor: string, topic?: string) => {
    const { events, gap } = history.after(cursor, (tokens) => topic === undefined || tokens.join('.') === topic);
    return { bodies: events.map(({ body }) => body), gap };
  };
  return { clock, history, add, after };
}

describe('History', () => {
  it('gives what came after a cursor, in order', () => {
    const { history, add, after } = start();
    const before = history.cursor;
    const cursors = ['1', '2', '3'].map((body) => add(body));
    expect(history.cursor).toBe(cursors[2]);
    expect(after(before)).toEqual({ bodies: ['1', '2', '3'], gap: undefined });
    expect(after(cursors[0]!)).toEqual({ bodies: ['2', '3'], gap: undefined });
    expect(after(cursors[2]!)).toEqual({ bodies: [], gap: undefined });
  });

  it('gives what is wanted of it', () => {
    const { history, add, after } = start();
    const before = history.cursor;
    for (const body of ['1', '2', '3', '4']) add(body, Number(body) % 2 === 0 ? 'even' : 'odd');
    expect(after(before, 'even')).toEqual({ bodies: ['2', '4'], gap: undefined });
  });

  it.each<[string, Partial<typeof roomy>]>([
    ['events', { historyEvents: 3 }],
    ['bytes', { historyBytes: 3 * 300 }],
  ])('says how many are gone when there were too many %s', (_, limits) => {
    const { history, add, after } = start(limits);
    const before = history.cursor;
    const cursors = ['1', '2', '3', '4', '5'].map((body) => add(body));
    expect(after(before)).toEqual({
      bodies: ['3', '4', '5'],
      gap: expect.objectContaining({ after: before, missed: 2 }),
    });
    expect(after(cursors[1]!)).toEqual({ bodies: ['3', '4', '5'], gap: undefined });
  });

  it('counts headers among the bytes', () => {
    const { history, add, after } = start({ historyBytes: 10_000 });
    const before = history.cursor;
    for (const body of ['1', '2', '3']) add(body, 'a', HeaderList.of({ note: 'x'.repeat(4000) }));
    expect(after(before)).toMatchObject({ bodies: ['2', '3'], gap: { missed: 1 } });
  });

  it('says that events are gone when they are too old', () => {
    const { clock, history, add, after } = start();
    const before = history.cursor;
    add('1');
    clock.advance(600);
    add('2');
    clock.advance(401);
    expect(after(before)).toMatchObject({ bodies: ['2'], gap: { missed: 1 } });
    clock.advance(600);
    expect(after(before)).toMatchObject({ bodies: [], gap: { missed: 2 } });
  });

  it.each([
    'other:0',
    'epoch:3',
    'epoch:99',
    'epoch',
    'epoch:',
    'epoch:x',
    '',
    ':',
    'epoch:1.5',
    'epoch:0:0',
    'epoch:1e0',
    'epoch: 1',
  ])('does not guess at the cursor %j: it gives all and says that there is a gap', (cursor) => {
    const { add, after } = start();
    for (const body of ['1', '2', '3']) add(body);
    const { bodies, gap } = after(cursor);
    expect(bodies).toEqual(['1', '2', '3']);
    expect(gap).toMatchObject({ after: cursor });
    expect(gap).not.toHaveProperty('missed');
  });

  it('keeps its bounds over any number of events', () => {
    const { history, add, after } = start({ historyEvents: 10 });
    for (let n = 0; n < 10_000; n++) add(String(n));
    expect(history.cursor).toBe('epoch:9999');
    expect(after('epoch:9994').bodies).toEqual(['9995', '9996', '9997', '9998', '9999']);
    expect(after('epoch:0')).toMatchObject({ gap: { missed: 9989 } });
    expect(after('epoch:0').bodies).toHaveLength(10);
  });
});
