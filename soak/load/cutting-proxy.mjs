// A network that breaks: passes connections on to the server, and cuts each of them after a number of bytes or a time
// that chance decides, in the middle of whatever is being said.

import { connect, createServer } from 'node:net';
import { once } from 'node:events';

/** The ways a connection goes. */
const ways = ['reset both', 'reset the server', 'reset the client', 'end both', 'freeze'];
/** A frozen connection is reset after this long, unless both sides have noticed before; milliseconds. */
const FROZEN = 10_000;

export class CuttingProxy {
  #server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#pass(client));
  #sockets = new Set();
  #frozen = new Set();
  #setting;
  #count = 0;

  /** @param {import('./setting.mjs').Setting} setting */
  constructor(setting) {
    this.#setting = setting;
    setting.over.addEventListener('abort', () => this.#thaw());
  }

  /** @returns {Promise<number>} its port */
  async listen() {
    this.#server.listen({ port: 0, host: '127.0.0.1' });
    await once(this.#server, 'listening');
    return this.#server.address().port;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client) {
    const { random, port } = this.#setting;
    const server = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const own = random.for(++this.#count);
    // Few get far, some hardly begin.
    const link = { client, server, way: own.pick(ways), left: own.magnitude(500, 8_000_000), isFrozen: false };
    const time = setTimeout(() => this.#cut(link), own.magnitude(100, 30_000));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('data', (chunk) => this.#forward(link, from, to, chunk));
      from.on('end', () => !link.isFrozen && to.end());
      from.on('close', () => {
        clearTimeout(time);
        this.#sockets.delete(from);
        // What has been passed on is to arrive; a reset is passed on as one.
        if (!to.destroyed) from.errored ? to.resetAndDestroy() : to.end();
      });
    }
  }

  #forward(link, from, to, chunk) {
    if (link.isFrozen || to.destroyed) return;
    // When the load is over nothing is cut any more: what has been begun can be finished.
    if (this.#setting.isOver || chunk.length < link.left) {
      link.left -= chunk.length;
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
      return;
    }
    to.write(chunk.subarray(0, link.left));
    this.#cut(link);
  }

  #cut(link) {
    const { client, server, way } = link;
    if (this.#setting.isOver || link.isFrozen || client.destroyed || server.destroyed) return;
    this.#setting.counts.cut(`by the network: ${way}`);
    link.isFrozen = true;
    if (way === 'freeze') this.#freeze(link);
    else if (way === 'end both') {
      client.end();
      server.end();
    } else if (way === 'reset both') this.#break(client, server);
    else if (way === 'reset the server') server.resetAndDestroy();
    else client.resetAndDestroy();
  }

  #freeze(link) {
    this.#frozen.add(link);
    const thaw = setTimeout(() => this.#break(link.client, link.server), FROZEN);
    link.client.once('close', () => {
      clearTimeout(thaw);
      this.#frozen.delete(link);
    });
  }

  /** The load is over: what would never be answered is not to be waited for. */
  #thaw() {
    for (const { client, server } of this.#frozen) this.#break(client, server);
  }

  #break(client, server) {
    client.resetAndDestroy();
    server.resetAndDestroy();
  }
}
