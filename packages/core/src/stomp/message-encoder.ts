// MESSAGE frames, made fast: one message usually goes to many subscribers, and answers all have the same headers.

import type { Delivery } from '../broker/broker.js';
import { filterHeaders, type HeaderList } from '../header-list.js';
import { encodeBody, encodeHeaders } from './frame.js';
import { escapeHeader, escapeOwn, type Version } from './version.js';

/** Headers of a SEND that concern its sender only, or that we state ourselves. */
const ownHeaders: ReadonlySet<string> = new Set([
  'destination',
  'receipt',
  'transaction',
  'subscription',
  'message-id',
  'ack',
  'cursor',
  'reply-to',
  'redelivered',
  'delivery-count',
]);

/** One for all sessions of a server: it remembers what it encoded last. */
export class MessageEncoder {
  private delivery: Delivery | undefined;
  private version: Version | undefined;
  private frameRest: string | Uint8Array = '';
  private headers: HeaderList | undefined;
  private headersVersion: Version | undefined;
  private headerLines = '';
  private destination: string | undefined;
  private escapedDestination = '';

  /** What every MESSAGE of a subscription begins with. */
  prefix(subscription: string, version: Version): string {
    return 'MESSAGE\nsubscription:' + (escapeOwn(subscription, version) ?? '') + '\n';
  }

  /** The whole frame as text, or as two parts if its body is bytes. */
  encode(prefix: string, delivery: Delivery, version: Version): string | [string, Uint8Array] {
    if (delivery !== this.delivery || version !== this.version) {
      this.frameRest = encodeBody(this.head(delivery, version), delivery.body);
      this.delivery = delivery;
      this.version = version;
    }
    const rest = this.frameRest;
    return typeof rest === 'string' ? prefix + rest : [prefix, rest];
  }

  private head({ id, destination, headers, replyTo, cursor, attempt }: Delivery, version: Version): string {
    let head =
      line('message-id', id, version) + this.destinationLine(destination, version) + this.lines(headers, version);
    if (replyTo !== undefined) head += line('reply-to', replyTo, version);
    if (cursor !== undefined) head += line('cursor', cursor, version);
    if (attempt !== undefined) head += `redelivered:true\ndelivery-count:${attempt}\n`;
    return head;
  }

  private destinationLine(destination: string, version: Version): string {
    if (destination !== this.destination || version !== this.headersVersion) {
      this.destination = destination;
      this.escapedDestination = line('destination', destination, version);
    }
    return this.escapedDestination;
  }

  private lines(headers: HeaderList, version: Version): string {
    if (headers !== this.headers || version !== this.headersVersion) {
      this.headerLines = encodeHeaders(
        filterHeaders(headers, (name) => !ownHeaders.has(name)),
        version,
      );
      this.headers = headers;
      this.headersVersion = version;
    }
    return this.headerLines;
  }
}

function line(name: string, value: string, version: Version): string {
  return name + ':' + (escapeHeader(value, version, 'value') ?? '') + '\n';
}
