// How many connections there may be; what becomes of those in the way is in acceptor.test.ts.

import { expect, test } from 'vitest';
import { Admission } from '../src/admission.js';

const limits = { connections: 10, connectionsPerAddress: 2, unauthenticated: 10 };

test('who has a whole IPv6 network counts as one address', () => {
  const admission = new Admission(limits);
  const first = admission.enter('2001:db8:1:2::1');
  const second = admission.enter();
  expect(second.locate('2001:db8:1:2:3:4:5:6')).toBeUndefined();
  expect(admission.full('2001:db8:1:2:ffff::')).toBe('connectionsPerAddress');
  expect(admission.full('2001:db8:1:3::1')).toBeUndefined();
  first.leave();
  expect(admission.full('2001:db8:1:2:ffff::')).toBeUndefined();
});
