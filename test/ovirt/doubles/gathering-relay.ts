// A relay that hands on what a server sends in large pieces, as when the reader was busy: records written one by one arrive
// together.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** It has heard nothing more for that long, milliseconds. */
const GATHER_TIME = 25;

/** The port of a relay to that port; closed when the test is over. */
export async function gatheringRelay(port: number): Promise<number> {
  const relay = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    let gathered: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = (): void => void near.write(Buffer.concat(gathered.splice(0)));
    far.on('data', (chunk: Buffer) => {
      gathered.push(chunk);
      clearTimeout(timer);
      timer = setTimeout(flush, GATHER_TIME);
    });
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far);
    onTestFinished(() => {
      clearTimeout(timer);
      gathered = [];
      near.destroy();
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => void relay.close());
  return (relay.address() as AddressInfo).port;
}
