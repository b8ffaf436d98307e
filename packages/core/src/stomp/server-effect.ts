// What a frame asks of whoever does the I/O.

import type { HeaderList } from '../header-list.js';
import type { StompAckMode } from './acknowledgements.js';
import type { Frame } from './frame.js';
import type { HeartBeatOffer } from './heart-beat.js';

/** What is to be done, in this order; a `reply` only after what stands before it has succeeded. */
export type ServerEffect =
  | { type: 'authenticate'; headers: HeaderList }
  | { type: 'send'; frame: Frame; transaction: string | undefined }
  | SubscribeEffect
  | { type: 'unsubscribe'; id: string }
  | SettleEffect
  | { type: 'begin' | 'commit' | 'abort'; transaction: string }
  | { type: 'beat'; agreed: HeartBeatOffer }
  | { type: 'reply'; frame: Frame }
  | { type: 'close'; reason?: Error };

export interface SubscribeEffect {
  type: 'subscribe';
  id: string;
  destination: string;
  ack: StompAckMode;
  prefetch: number | undefined;
  frame: Frame;
}

export interface SettleEffect {
  type: 'settle';
  how: 'ack' | 'nack';
  headers: HeaderList;
  transaction: string | undefined;
}
