// A bare STOMP connection for whoever only wants to be connected and then misbehave.

import { encode, FrameReader } from './stomp-frames.mjs';
import { within } from '../waiting.mjs';
import { openWire } from './wires.mjs';

/**
 * Opens and connects. @returns {Promise<{ wire: import('./wires.mjs').Wire, session: string,
 *   frame: (command: string, headers: object, body?: string) => void, on: (frame: object) => void }>}
 *   `on` is to be set to whoever takes the frames that come
 */
export async function openStomp(setting, scheme, { way = 'straight', heartBeat = '0,0' } = {}) {
  const wire = await openWire(setting, scheme, way, 'v12.stomp');
  const reader = new FrameReader();
  const plain = { wire, session: '', on: () => {}, frame: (...parts) => wire.send(encode(...parts)) };
  const connected = new Promise((resolve, reject) => {
    plain.on = ({ command, headers }) =>
      command === 'CONNECTED' ? resolve(headers.session) : reject(new Error(`${command} ${headers.message}`));
    void wire.closed.then(() => reject(new Error('closed instead of CONNECTED')));
  });
  wire.onData((chunk) => reader.push(chunk).forEach((frame) => plain.on(frame)));
  const { token } = setting;
  plain.frame('CONNECT', { 'accept-version': '1.2', host: 'localhost', 'heart-beat': heartBeat, token });
  plain.session = await within(10_000, connected, 'CONNECTED');
  return plain;
}
