// A script of Python's at the demo as an oVirt host, by XML-RPC.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { buildIfStale } from '../../scripts/setup.mjs';
import { startCommand } from '../fixtures/command.js';

const script = 'import json, sys, xmlrpc.client as x; print(json.dumps(x.ServerProxy(sys.argv[1]).Host.getStats()))';

beforeAll(() => buildIfStale(), 120_000);

test('gets the figures of the machine', async () => {
  const { port } = await startCommand(['demo', '--dialect', 'ovirt']);
  const { stdout } = await promisify(execFile)('/usr/bin/python3', ['-c', script, `http://127.0.0.1:${port}/RPC2`]);
  expect(JSON.parse(stdout)).toMatchObject({ vmCount: 4, cpuIdle: expect.stringMatching(/^\d+\.\d\d$/) });
});
