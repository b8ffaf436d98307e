// Bare connections to the server, without our client: TCP, TLS, and WebSocket with whole messages in and out.

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';

/**
 * @typedef {object} Wire
 * @property {string} scheme
 * @property {(data: string | Buffer) => void} send
 * @property {(take: (data: Buffer) => void) => void} onData
 * @property {Promise<Error | undefined>} closed resolves when it is over, with an error unless it ended in good order
 * @property {() => boolean} isClosed
 * @property {() => void} end says that nothing more will be sent
 * @property {() => void} reset breaks it: the other side gets a RST
 * @property {() => void} pause stops reading
 * @property {() => void} resume
 */

/**
 * Opens one; rejects if it cannot be had.
 *
 * @param {import('./setting.mjs').Setting} setting
 * @param {string} scheme tcp, tls, ws or wss
 * @param {'straight' | 'cut'} way
 * @param {string} [protocol] the subprotocol, by WebSocket
 * @returns {Promise<Wire>}
 */
export async function openWire(setting, scheme, way, protocol) {
  const isWebSocket = scheme.startsWith('ws');
  const wire = isWebSocket
    ? await openWebSocket(setting, scheme, way, protocol)
    : await openSocket(setting, scheme, way);
  const { counts } = setting;
  counts.connections++;
  counts.add('connections', `bare ${scheme}`);
  void wire.closed.then(() => counts.connections--);
  return { scheme, ...wire };
}

/** A TCP socket of ours, and what TLS makes of it. */
export function dialSocket(setting, scheme, way) {
  const raw = connectTcp({ host: '127.0.0.1', port: setting.portOf(way), noDelay: true, allowHalfOpen: true });
  raw.on('error', () => {});
  if (scheme === 'tcp') return { raw, socket: raw, opened: 'connect' };
  const socket = connectTls({ socket: raw, ca: setting.certificate, servername: 'localhost', allowHalfOpen: true });
  return { raw, socket, opened: 'secureConnect' };
}

async function openSocket(setting, scheme, way) {
  const { raw, socket, opened } = dialSocket(setting, scheme, way);
  const { closed, isClosed } = closing(socket);
  await Promise.race([new Promise((resolve) => socket.once(opened, resolve)), closed.then(refused)]);
  return {
    closed,
    isClosed,
    send: (data) => void (socket.writable && socket.write(data)),
    onData: (take) => socket.on('data', take),
    end: () => socket.end(),
    reset: () => reset(raw, socket),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

async function openWebSocket(setting, scheme, way, protocol) {
  const options = { ca: setting.certificate, perMessageDeflate: false, handshakeTimeout: 5000 };
  const socket = new WebSocket(`${setting.url(scheme, way)}/`, protocol === undefined ? [] : [protocol], options);
  const { closed, isClosed } = closing(socket);
  await Promise.race([new Promise((resolve) => socket.once('open', resolve)), closed.then(refused)]);
  return {
    closed,
    isClosed,
    send: (data) => void (socket.readyState === WebSocket.OPEN && socket.send(data)),
    onData: (take) => socket.on('message', (data) => take(data)),
    end: () => socket.close(1000),
    // Not by a reset where TLS is in between; gone all the same.
    reset: () => reset(socket._socket, socket),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

function closing(socket) {
  let error;
  let isOver = false;
  socket.on('error', (failure) => (error = failure));
  const closed = new Promise((resolve) =>
    socket.on('close', () => {
      isOver = true;
      // Half-open sockets are ended by us, too.
      resolve(error);
    }),
  );
  // The other side has ended: so do we, at once.
  socket.on('end', () => socket.end());
  return { closed, isClosed: () => isOver };
}

function refused(error) {
  throw error ?? new Error('closed before it was open');
}

/** Node resets what is TCP itself only. */
function reset(raw, socket) {
  if (raw?.encrypted || typeof raw?.resetAndDestroy !== 'function') (socket.terminate ?? socket.destroy).call(socket);
  else raw.resetAndDestroy();
}
