// What the compiler must say of `connect`, by the scheme of the URL; `tsc` fails where it does not.

import { describe, expectTypeOf, test } from 'vitest';
import type { StompClient } from '@sallyport/core/client';
import { connect, type OvirtClient } from '../../src/index.js';

interface HostApi {
  Host: { getStats(): { cpuLoad: string }; ping(): true };
}

declare const name: string;

/** What is written in here is compiled, and never run. */
function compiled(_code: () => unknown): void {}

describe('connect', () => {
  test('gives a client of a host for its schemes, of a server for the others', () => {
    compiled(() => {
      expectTypeOf(connect('ovirt://h')).toEqualTypeOf<Promise<OvirtClient>>();
      expectTypeOf(connect(`ovirt+tls://${name}:54321`, { anyHostname: true })).toEqualTypeOf<Promise<OvirtClient>>();
      expectTypeOf(connect('tcp://h')).toEqualTypeOf<Promise<StompClient>>();
      expectTypeOf(connect(name)).toEqualTypeOf<Promise<StompClient>>();
    });
  });

  test('and the methods of a contract', () => {
    compiled(async () => {
      const client = await connect<HostApi>('ovirt://h');
      expectTypeOf(await client.api.Host.getStats(undefined, { flowId: 'f' })).toEqualTypeOf<{ cpuLoad: string }>();
      // @ts-expect-error: vdsm tells of no progress
      void client.api.Host.ping(undefined, { onProgress: () => {} });
    });
  });
});
