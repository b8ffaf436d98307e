// One subscription, over as many connections as it takes.

import { HeaderList } from '@sallyport/core';
import type { Delivery, SubscribeOptions, Subscription } from '@sallyport/core/broker';
import { isImplied, refusalOf, replyAddress, type ServerKind, spellSubscribe } from '@sallyport/core/stomp';
import type { Client as StompjsClient, IMessage, StompHeaders } from '@stomp/stompjs';

export class StompjsSubscription implements Subscription {
  readonly ready: Promise<void>;
  cursor: string | undefined;
  /** The receipt asked for with SUBSCRIBE. */
  receipt: string | undefined;
  readonly #id: string;
  readonly #destination: string;
  readonly #on: (delivery: Delivery) => void;
  readonly #options: SubscribeOptions;
  readonly #onClose: () => void;
  #kind: ServerKind = 'sallyport';
  #opened = 0;
  #settle!: { resolve: () => void; reject: (error: Error) => void };

  constructor(
    id: string,
    destination: string,
    on: (delivery: Delivery) => void,
    options: SubscribeOptions,
    onClose: () => void,
  ) {
    this.#id = id;
    this.#destination = destination;
    this.#on = on;
    this.#options = options;
    this.#onClose = onClose;
    this.cursor = options.after;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {});
  }

  /** Subscribes on a new connection, behind what was seen on the last one. */
  open(stomp: StompjsClient, kind: ServerKind): void {
    this.#kind = kind;
    // Their messages come as unhandled ones.
    if (isImplied(kind, this.#destination)) return this.#settle.resolve();
    const receipt = (this.receipt = `${this.#id}-${++this.#opened}`);
    stomp.watchForReceipt(receipt, ({ headers }) => {
      this.cursor ??= headers['cursor'];
      this.#settle.resolve();
    });
    const { destination, ...more } = spellSubscribe(kind, this.#destination, this.#options.headers ?? HeaderList.empty);
    const headers: StompHeaders = { ...more, id: this.#id, receipt };
    if (this.cursor !== undefined) headers['after'] = this.cursor;
    stomp.subscribe(destination!, (message) => this.take(message), headers);
  }

  /** Why it cannot be had at such a server. */
  refusal(kind: ServerKind): Error | undefined {
    return refusalOf(kind, this.#destination);
  }

  take(message: IMessage): 'taken' {
    const { headers } = message;
    const delivery: Delivery = {
      destination: headers['destination'] ?? '',
      headers: HeaderList.of(headers),
      body: message.binaryBody,
      id: headers['message-id'] ?? '',
      replyTo: replyAddress(this.#kind, headers['reply-to']),
      cursor: headers['cursor'],
    };
    this.cursor = delivery.cursor ?? this.cursor;
    this.#on(delivery);
    return 'taken';
  }

  /** It will not be taken, if it has not been. */
  refuse(error: Error): void {
    this.#settle.reject(error);
  }

  /** The server ended it. */
  end(error: Error): void {
    this.refuse(error);
    this.#options.onEnd?.(error);
  }

  close(): void {
    this.#onClose();
  }
}
