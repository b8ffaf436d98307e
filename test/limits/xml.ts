// Limits on XML-RPC.

import { expect } from 'vitest';
import type { House } from '../fixtures/house.js';
import type { Crossings } from './crossing.js';
import { httpTalk } from './talk.js';

type Names = 'xmlBody' | 'xmlDepth';

function call(house: House, value: string): Promise<string> {
  const param = `<param><value>${value}</value></param>`;
  const body = `<methodCall><methodName>house.echo</methodName><params>${param}</params></methodCall>`;
  const head = ['POST /RPC2 HTTP/1.1', 'content-type: text/xml', `content-length: ${body.length}`];
  return httpTalk(house, head, body);
}

const arrays = (depth: number): string =>
  `${'<array><data><value>'.repeat(depth)}${'</value></data></array>'.repeat(depth)}`;

const options = { xmlRpc: true };

export const xmlCrossings: Crossings<Names> = {
  xmlBody: {
    value: 1000,
    options,
    cross: async ({ house }) => {
      expect(await call(house, 'x'.repeat(1000))).toMatch(/^HTTP\/1\.1 413 [^]*limits\.xmlBody/);
      expect(await call(house, 'x'.repeat(800))).toMatch(/^HTTP\/1\.1 200 [^]*<string>x{800}</);
    },
  },
  xmlDepth: {
    value: 3,
    options,
    cross: async ({ house }) => {
      expect(await call(house, arrays(4))).toMatch(/^HTTP\/1\.1 200 [^]*<fault>[^]*-32700[^]*limits\.xmlDepth/);
      expect(await call(house, arrays(50_000))).toMatch(/<fault>[^]*limits\.xmlDepth/);
      expect(await call(house, arrays(3))).toContain('<string></string>');
    },
  },
};
