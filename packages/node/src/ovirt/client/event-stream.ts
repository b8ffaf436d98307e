// Events of one host as something to iterate: bounded, and honest about what was lost.

import type { Broker, Subscription } from '@sallyport/core/broker';
import { BoundedIteration, type Gap } from '@sallyport/core/client';
import { gapMethod } from '@sallyport/core/jsonrpc';
import { type EventName, matchesEvent, readEventPattern } from '../event-name.js';

/** An event, or word that some were lost before the next one. */
export interface OvirtEvent<Data = unknown> extends EventName {
  /** All four parts, `node7|virt|VM_status|<id>`; the first is the host we are connected to. Of a gap, `$/gap`. */
  readonly name: string;
  /** As the host sent it, `notify_time` included. */
  readonly data: Data;
  /** When the host sent it, milliseconds on a clock of its own that never goes back. */
  readonly notifyTime: number | undefined;
  /** Set if this is a gap: events are gone. `missed` counts them if that is known. */
  readonly gap: Gap | undefined;
}

/** How events are watched. */
export interface OvirtEventsOptions {
  /** Ends the iteration, which throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Events that may wait to be iterated; more drops the oldest, and says so by a gap. Default limits.eventBuffer, 1000. */
  buffer?: number | undefined;
}

/** What there is to listen to: all events of a host. */
export interface EventSource extends Pick<Broker, 'state' | 'onState'> {
  listen(on: (event: OvirtEvent) => void): Subscription;
}

/** Events of one host to iterate, in order. Leaving the loop ends it. */
export class OvirtEventStream<Data = unknown> extends BoundedIteration<OvirtEvent<Data>> {
  readonly #host: string;

  constructor(source: EventSource, host: string, pattern: string, options: OvirtEventsOptions = {}) {
    super(options.buffer ?? 1000);
    this.#host = host;
    const wanted = readEventPattern(pattern);
    // As on the wire, where the first part is empty.
    const name = wanted.receiver === '' ? { ...wanted, receiver: '*' } : wanted;
    const on = (event: OvirtEvent): void => void (matchesEvent(name, event) && this.add(event as OvirtEvent<Data>));
    this.follow(source, source.listen(on));
    this.heed(source, options.signal, () => false);
  }

  protected gapItem(gap: Gap): OvirtEvent<Data> {
    const name = { name: gapMethod, receiver: this.#host, component: '', operation: '', uniqueId: '' };
    return { ...name, data: undefined as Data, notifyTime: undefined, gap };
  }
}
