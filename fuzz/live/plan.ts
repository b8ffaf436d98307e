// One case of a live server: which, what is said, over what, in which pieces, and how it ends. All of it follows from the
// seed and the number of the case.

import { mutate } from '../mutator.js';
import { Random } from '../random.js';
import { messageFrames } from './frames.js';
import {
  dialect,
  http,
  lines,
  postHead,
  proxyHeaders,
  stomp,
  strangers,
  texts,
  upgrade,
  words,
  xml,
  xmlCalls,
} from './material.js';
import type { Kind } from './talk.js';

export interface Plan {
  victim: Kind;
  /** Whether it comes from the address of a proxy. */
  isProxied: boolean;
  /** What is said before all else, before TLS too. */
  opening: Uint8Array[];
  isSecure: boolean;
  /** In TLS, what the client names; undefined: nothing. */
  protocols: string[] | undefined;
  /** In TLS, the client's: one that is accepted, one that is not, or none. */
  certificate: 'known' | 'strange' | 'none';
  pieces: Uint8Array[];
  /** Whether it looks at what comes back. */
  reads: boolean;
  ending: 'end' | 'destroy' | 'wait';
}

export function planOf(seed: number, number: number): Plan {
  const random = new Random(seed, number);
  const victim = random.oneIn(3) ? 'ovirt' : 'plain';
  const bytes = random.oneIn(3) ? webSocket(random) : plain(victim, random);
  // Rarely one without the other, which is refused.
  const isProxied = random.oneIn(5);
  const hasHeader = random.oneIn(20) !== isProxied;
  return {
    victim,
    isProxied,
    opening: hasHeader ? cut(proxyHeader(random), random) : [],
    isSecure: random.oneIn(victim === 'ovirt' ? 2 : 6),
    protocols: random.pick([undefined, undefined, ['stomp'], ['http/1.1'], ['stomp', 'http/1.1']]),
    certificate: random.pick(['known', 'known', 'strange', 'none']),
    pieces: cut(bytes, random),
    reads: !random.oneIn(10),
    ending: random.pick(['end', 'end', 'destroy', 'wait']),
  };
}

const plainly: Record<Kind, readonly (readonly Uint8Array[])[]> = {
  plain: [stomp, stomp, stomp, lines, lines, http, http, xml, strangers],
  ovirt: [dialect, dialect, dialect, dialect, stomp, http, xml],
};

function plain(victim: Kind, random: Random): Uint8Array {
  if (random.oneIn(5)) return posted(random);
  const others = random.pick(plainly[victim]);
  const input = random.pick(others);
  return random.oneIn(20) ? input : mutate(input, random, { words, others: random.oneIn(4) ? http : others });
}

/** Requests by HTTP of which the bodies alone may be mutated, so that they are read to their end. */
function posted(random: Random): Uint8Array {
  const [path, type, others] = random.pick([
    ['/rpc', 'application/json', texts],
    ['/RPC2', 'text/xml', xmlCalls],
    ['/RPC2', 'text/xml', xmlCalls],
  ] as const);
  const requests = Array.from({ length: 1 + random.below(3) }, () => {
    const good = random.pick(others);
    // Good ones too: a mutated document is a fault almost always, and goes no further.
    const body = random.oneIn(3) ? good : mutate(good, random, { words, others });
    return [postHead(path, type, body.length), body];
  });
  return Buffer.concat(requests.flat());
}

function proxyHeader(random: Random): Uint8Array {
  const header = random.pick(proxyHeaders);
  return random.oneIn(3) ? mutate(header, random, { words: [], others: proxyHeaders }) : header;
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
