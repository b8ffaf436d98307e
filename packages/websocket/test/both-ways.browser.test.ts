// The client of pages, in a page, with a real server.

import { connect } from '@sallyport/websocket';
import { inject } from 'vitest';
import type { HouseApi } from '../../../test/fixtures/house-api.js';
import { bothWays } from '../../../test/suites/both-ways.js';

for (const scheme of ['ws', 'wss'] as const) {
  bothWays(scheme, (options) => connect<HouseApi>(inject('houses').websocket[scheme], options));
}
