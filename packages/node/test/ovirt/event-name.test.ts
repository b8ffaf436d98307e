import { describe, expect, test } from 'vitest';
import { eventNameText, matchesEvent, readEventName, readEventPattern } from '../../src/ovirt/event-name.js';

describe('names', () => {
  test('have four parts, any of which may be empty', () => {
    const name = { receiver: '', component: 'virt', operation: 'VM_status', uniqueId: 'a-1' };
    expect(readEventName('|virt|VM_status|a-1')).toEqual(name);
    expect(eventNameText(name)).toBe('|virt|VM_status|a-1');
    expect(readEventName('|||')).toEqual({ receiver: '', component: '', operation: '', uniqueId: '' });
  });

  test.each(['', 'a', 'a|b|c', 'a|b|c|d|e'])('%s is none', (text) => {
    expect(readEventName(text)).toBeUndefined();
    expect(() => readEventPattern(text)).toThrow(/four parts/);
  });
});

describe('patterns', () => {
  test.each([
    ['*|*|*|*', true],
    ['h|virt|VM_status|1', true],
    ['*|virt|*|*', true],
    ['h|*|*|1', true],
    ['*|VM_status|*|*', false],
    ['*|virt|VM_status|2', false],
    ['|virt|*|*', false],
    ['*|vir*|*|*', false],
  ])('%s', (pattern, matches) => {
    expect(matchesEvent(readEventPattern(pattern), readEventName('h|virt|VM_status|1')!)).toBe(matches);
  });
});
