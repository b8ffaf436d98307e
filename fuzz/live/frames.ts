// WebSocket frames of a client, good ones and bad ones.

import type { Random } from '../random.js';

/** One message in frames, masked; every now and then with a ping in between. */
export function messageFrames(payload: Uint8Array, random: Random): Uint8Array {
  const frames: Buffer[] = [];
  const count = random.oneIn(3) ? 1 + random.below(5) : 1;
  const size = Math.ceil(payload.length / count);
  const opcode = random.oneIn(4) ? 2 : 1;
  for (let part = 0; part < count; part++) {
    const isLast = part === count - 1;
    const bytes = payload.subarray(part * size, isLast ? undefined : (part + 1) * size);
    frames.push(frame((isLast ? 0x80 : 0) | (part === 0 ? opcode : 0), bytes, random));
    if (random.oneIn(8))
      frames.push(frame(0x80 | random.pick([9, 10]), payload.subarray(0, random.below(126)), random));
  }
  if (random.oneIn(10)) frames.push(frame(0x88, Uint8Array.of(3, 0xe8), random));
  return Buffer.concat(frames);
}

function frame(first: number, payload: Uint8Array, random: Random): Buffer {
  const { length } = payload;
  const head = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : wide(length);
  const mask = [random.below(256), random.below(256), random.below(256), random.below(256)];
  head[0] = head[0]! | 0x80;
  return Buffer.concat([Uint8Array.of(first, ...head, ...mask), payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}

function wide(length: number): number[] {
  return [127, 0, 0, 0, 0, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
}
