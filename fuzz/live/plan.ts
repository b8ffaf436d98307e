// One case of the live server: what is said, over what, in which pieces, and how it ends. All of it follows from the seed
// and the number of the case.

import { mutate } from '../mutator.js';
import { Random } from '../random.js';
import { messageFrames } from './frames.js';
import { http, lines, stomp, strangers, texts, upgrade, words } from './material.js';

export interface Plan {
  isSecure: boolean;
  /** In TLS, what the client names; undefined: nothing. */
  protocols: string[] | undefined;
  pieces: Uint8Array[];
  /** Whether it looks at what comes back. */
  reads: boolean;
  ending: 'end' | 'destroy' | 'wait';
}

export function planOf(seed: number, number: number): Plan {
  const random = new Random(seed, number);
  const bytes = random.oneIn(3) ? webSocket(random) : plain(random);
  return {
    isSecure: random.oneIn(6),
    protocols: random.pick([undefined, undefined, ['stomp'], ['http/1.1'], ['stomp', 'http/1.1']]),
    pieces: cut(bytes, random),
    reads: !random.oneIn(10),
    ending: random.pick(['end', 'end', 'destroy', 'wait']),
  };
}

function plain(random: Random): Uint8Array {
  const others = random.pick([stomp, stomp, lines, http, http, strangers]);
  const input = random.pick(others);
  return random.oneIn(20) ? input : mutate(input, random, { words, others: random.oneIn(4) ? http : others });
}

/** Good framing of mutated messages, mutated framing of good ones, or a mutated request for it. */
function webSocket(random: Random): Uint8Array {
  const protocol = random.pick(['v12.stomp', 'v11.stomp', 'v10.stomp', undefined]);
  const others = protocol === undefined ? texts : stomp;
  const request = upgrade(protocol);
  const what = random.below(3);
  const messages = Array.from({ length: 1 + random.below(3) }, () => {
    const message = random.pick(others);
    return messageFrames(what === 0 ? mutate(message, random, { words, others }) : message, random);
  });
  const frames = Buffer.concat(messages);
  if (what === 1) return Buffer.concat([request, mutate(frames, random, { words: [], others: [frames] })]);
  if (what === 2) return Buffer.concat([mutate(request, random, { words, others: http }), frames]);
  return Buffer.concat([request, frames]);
}

/** Mostly whole, else in a few pieces or one byte at a time. */
function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const count = random.pick([1, 1, 2, 5, bytes.length > 300 ? 1 : bytes.length]);
  const size = Math.max(1, Math.ceil(bytes.length / Math.max(1, count)));
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
