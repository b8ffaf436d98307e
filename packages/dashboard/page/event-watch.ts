// The events as they come: as many as there is a right to, and behind the last one seen, whatever connection they come by.

import { type ReadonlySignal, signal } from '@preact/signals';
import type { connect } from '@sallyport/websocket';
import { HOST_EVENT } from './host.js';
import type { Outages } from './outages.js';
import { isForbidden } from './refusals.js';

export type Client = Awaited<ReturnType<typeof connect>>;

/** Which events come. Where it is not all of them, there is no right to the others. */
export type Watched = 'everything' | 'host' | 'nothing';

/** The most first. What is refused ends the connection, so the next one asks for less, and the last for nothing. */
export const extents: readonly Watched[] = ['everything', 'host', 'nothing'];

const patterns: Readonly<Record<Watched, string | undefined>> = {
  everything: '#',
  host: HOST_EVENT,
  nothing: undefined,
};

/** One item of the event stream: an event or, where `gap` is set, the notice that some were lost. */
export interface StreamItem {
  name: string;
  data: unknown;
  cursor?: string | undefined;
  gap?: { missed?: number } | undefined;
}

export interface EventWatch {
  readonly watched: ReadonlySignal<Watched>;
  /** Resolves when the client has closed, which says by its state why; or with true, if there is no right to so much. */
  follow(client: Client, extent: Watched): Promise<boolean>;
  forget(): void;
}

/** `take` returns whether it wants more. */
export function createEventWatch(outages: Outages, take: (from: Client, item: StreamItem) => boolean): EventWatch {
  const watched = signal<Watched>('everything');
  let cursor: string | undefined;
  return {
    watched,
    async follow(client, extent) {
      watched.value = extent;
      const pattern = patterns[extent];
      if (pattern === undefined) return false;
      try {
        for await (const item of client.events(pattern, cursor === undefined ? {} : { after: cursor })) {
          if (!take(client, item)) break;
          cursor = item.cursor ?? cursor;
          if (item.gap !== undefined) outages.noteGap(item.gap);
        }
      } catch (thrown) {
        if (client.state === 'closed') return false;
        if (!isForbidden(thrown)) throw thrown;
        return true;
      }
      return false;
    },
    forget: () => void (cursor = undefined),
  };
}
