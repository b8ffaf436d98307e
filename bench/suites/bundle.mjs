import { gzipSync, brotliCompressSync } from 'node:zlib';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../lib/measure.mjs';
// What a browser page would import to connect, call and subscribe.
const ENTRIES = {
  '@stomp/stompjs': "export { Client } from '@stomp/stompjs';",
  'socket.io-client': "export { io } from 'socket.io-client';",
  'vscode-jsonrpc (browser)':
    "export { createMessageConnection, BrowserMessageReader, BrowserMessageWriter } from 'vscode-jsonrpc/browser';",
  'rpc-websockets': "export { Client } from 'rpc-websockets';",
  capnweb: "export { newWebSocketRpcSession, RpcTarget } from 'capnweb';",
  mqtt: "export { default } from 'mqtt';",
  'nats.ws': "export { connect } from 'nats.ws';",
  '@nats-io/nats-core': "export { wsconnect } from '@nats-io/nats-core';",
  'json-rpc-2.0 (no transport)': "export { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';",
  'birpc (no transport)': "export { createBirpc } from 'birpc';",
  'webstomp-client': "export { default } from 'webstomp-client';",
  'stompjs@2': "export * from 'stompjs/lib/stomp.js';",
  '@stomp/stompjs + json-rpc-2.0':
    "export { Client } from '@stomp/stompjs'; export { JSONRPCServerAndClient, JSONRPCClient, JSONRPCServer } from 'json-rpc-2.0';",
};
export async function bundle({ contenders }) {
  const { build } = await import('esbuild');
  const here = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
  const entries = { ...ENTRIES };
  for (const c of contenders) if (c.bundle) entries[c.name] = c.bundle;
  const data = {},
    rows = [];
  for (const [name, code] of Object.entries(entries)) {
    try {
      const r = await build({
        stdin: { contents: code, resolveDir: here },
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        target: 'es2022',
        write: false,
        logLevel: 'silent',
        external: ['crypto'],
        legalComments: 'none',
        define: { 'process.env.NODE_ENV': '"production"' },
      });
      const b = r.outputFiles[0].contents;
      data[name] = { min: b.length, gzip: gzipSync(b, { level: 9 }).length, brotli: brotliCompressSync(b).length };
      rows.push([name, data[name].min / 1024, data[name].gzip / 1024, data[name].brotli / 1024]);
    } catch (e) {
      data[name] = { failed: e.message.slice(0, 200) };
      rows.push([name, 'FAILED ' + e.message.split('\n')[1]?.slice(0, 100), '-', '-']);
    }
  }
  rows.sort((a, b) => (a[2] === '-' ? 1e9 : a[2]) - (b[2] === '-' ? 1e9 : b[2]));
  return { data, markdown: table(['browser client', 'min KiB', 'gzip KiB', 'brotli KiB'], rows) };
}
