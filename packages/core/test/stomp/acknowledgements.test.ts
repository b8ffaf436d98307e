import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/broker/index.js';
import { HeaderList } from '../../src/header-list.js';
import { Acknowledgements } from '../../src/stomp/acknowledgements.js';
import type { StompAckMode, Version } from '../../src/stomp/index.js';

const delivery = (id: string): Delivery => ({ destination: '/queue/a', headers: HeaderList.empty, body: '', id });

/** A subscription `s` with the messages 11 to 15, and `t` with 21. */
function start(version: Version, mode: StompAckMode) {
  const all = new Acknowledgements(version);
  const [s, t] = [all.open('s', mode), all.open('t', mode)];
  const ids = ['11', '12', '13', '14', '15'].map((id) => s.add(delivery(id)));
  t.add(delivery('21'));
  const take = (name: string): string[] => {
    const index = Number(name) - 11;
    const headers = version === '1.2' ? { id: ids[index] ?? name } : { 'message-id': name, subscription: 's' };
    return [...all.take(HeaderList.of(headers)).deliveries.values()].map(({ delivery }) => delivery.id);
  };
  return { all, s, ids, take };
}

const unknown = expect.objectContaining({ code: 'ERR_STOMP_ACK' }) as Error;

describe.each<Version>(['1.0', '1.1', '1.2'])('Acknowledgements of STOMP %s', (version) => {
  it('by client-individual take one, once', () => {
    const { take } = start(version, 'client-individual');
    expect([take('13'), take('11')]).toEqual([['13'], ['11']]);
    expect(() => take('13')).toThrow(unknown);
    expect(() => take('99')).toThrow(unknown);
  });

  it('by client take all before it too, but in 1.0', () => {
    const { take } = start(version, 'client');
    if (version === '1.0') {
      expect(take('13')).toEqual(['13']);
      expect(() => take('13')).toThrow(unknown);
      expect(take('12')).toEqual(['12']);
    } else {
      expect(take('13')).toEqual(['11', '12', '13']);
      expect(take('12')).toEqual([]);
      expect(take('14')).toEqual(['14']);
    }
    expect(() => take('99')).toThrow(unknown);
  });

  it('restore what was taken, in its place', () => {
    const { all, s, ids, take } = start(version, 'client');
    const headers = version === '1.2' ? { id: ids[1] } : { 'message-id': '12', subscription: 's' };
    const { from, deliveries } = all.take(HeaderList.of(headers));
    expect(from).toBe(s);
    from.restore(deliveries);
    expect(take('15').at(0)).toBe(version === '1.0' ? '15' : '11');
  });

  it('restore in the order sent, whatever is restored first', () => {
    const { all, ids, take } = start(version, 'client');
    const takeFor = (at: number) =>
      all.take(
        HeaderList.of(version === '1.2' ? { id: ids[at] } : { 'message-id': String(11 + at), subscription: 's' }),
      );
    const [first, second] = [takeFor(1), takeFor(3)];
    first.from.restore(first.deliveries);
    second.from.restore(second.deliveries);
    expect(take('12')).toEqual(version === '1.0' ? ['12'] : ['11', '12']);
  });

  it('know nothing of a subscription that has ended', () => {
    const { all, take } = start(version, 'client');
    all.close('s');
    expect(() => take('11')).toThrow(unknown);
  });
});

it('STOMP 1.2 names a message by its ack header, unique on the connection', () => {
  const { ids, all } = start('1.2', 'client');
  expect(new Set(ids).size).toBe(5);
  expect(() => all.take(HeaderList.of({ id: '12' }))).toThrow(unknown);
  expect(() => all.take(HeaderList.of({ id: '' }))).toThrow(unknown);
});

it('STOMP 1.0 finds a message without its subscription', () => {
  const { all } = start('1.0', 'client');
  const { deliveries } = all.take(HeaderList.of({ 'message-id': '21' }));
  expect([...deliveries.keys()]).toEqual(['21']);
});
