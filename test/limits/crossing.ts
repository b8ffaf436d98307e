// How a test crosses a limit: with a small value, against a running server, with somebody beside who must notice nothing.

import type { ServerLimits, ServerOptions } from '@sallyport/node';
import type { ManualClock } from '@sallyport/core/testing';
import type { heartBeatDefaults } from '@sallyport/core/stomp';
import type { House } from '../fixtures/house.js';

/** The limits, and the options of createServer that are beside them. */
export type LimitName = keyof ServerLimits | keyof typeof heartBeatDefaults;

export interface Stage {
  house: House;
  /** The server's. */
  clock: ManualClock;
}

export interface Crossing {
  /** What the limit is set to. */
  value: number;
  /** What else the server is told. */
  options?: Omit<ServerOptions, 'clock'>;
  /** Crosses it, and looks whether what README says comes to pass. */
  cross(stage: Stage): Promise<void>;
  /** Nobody stays in spite of it. */
  isForAll?: boolean;
}

export type Crossings<Name extends LimitName = LimitName> = Readonly<Record<Name, Crossing>>;
