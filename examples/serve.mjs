// A broker from the command line, whose users and their rights stand in a file: serve.json. The hashes in it were made
// by `sallyport passcode` and `sallyport passcode --token`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AuthError } from '@sallyport/core';
import { connect } from '@sallyport/node';

const command = fileURLToPath(new URL('bin/sallyport.mjs', import.meta.resolve('@sallyport/cli/package.json')));
const config = fileURLToPath(new URL('serve.json', import.meta.url));
// On a shell: npx sallyport serve --config serve.json
const broker = spawn(process.execPath, [command, 'serve', '--config', config, '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.once('exit', () => broker.kill());
let greeting = '';
for await (const text of broker.stdout.setEncoding('utf8')) {
  greeting += text;
  if (greeting.includes('/rpc')) break;
}
const [url] = /tcp:\S+/.exec(greeting);

await assert.rejects(connect(url), AuthError);

// An agent: it serves its disks and tells how it is.
const node7 = await connect(url, { auth: { token: 'IhPT35ROdeiMp97huyxKhZTERpBtysUVLu2TBtC6QC8' } });
await node7.implement({ wipe: ({ disk }) => `${disk} is empty` }, { service: 'disks' });

// Its manager: it may call that service and watch those events, and nothing else.
const manager = await connect(url, { auth: { login: 'manager', passcode: 'example passcode' } });
assert.equal(await manager.call('wipe', { disk: 'sdb' }, { service: 'disks' }), 'sdb is empty');
const events = manager.events('host.*');
await events.ready;
await node7.stomp.send({
  destination: '/topic/host.load',
  body: '{"jsonrpc":"2.0","method":"host.load","params":0.5}',
});
assert.equal((await events.next()).value.data, 0.5);
await assert.rejects(manager.call('melt', {}, { service: 'ovens' }), { code: -32001 });

await Promise.all([node7.close(), manager.close()]);
broker.kill('SIGTERM');
const [code] = await once(broker, 'exit');
assert.equal(code, 0);
console.log('ok: the agent serves, its manager calls, strangers stay out');
