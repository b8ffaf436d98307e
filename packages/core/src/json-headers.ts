// The headers of everything that is JSON.

import { HeaderList } from './header-list.js';

export const jsonHeaders: HeaderList = /* @__PURE__ */ new HeaderList(['content-type', 'application/json']);
