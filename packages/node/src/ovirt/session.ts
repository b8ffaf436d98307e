// What the frames of a client of vdsm's dialect mean. Nothing is confirmed, an ERROR is not the end, and there is no need
// to say CONNECT first.

import { type Body, bodyText, HeaderList, SallyportError } from '@sallyport/core';
import { type Caller, type Dispatcher, type Envelope, isResponse, messageOf } from '@sallyport/core/jsonrpc';
import { encodeBody, encodeHeaders, type Frame } from '@sallyport/core/stomp';
import { answerTexts, splitAnswer } from './answer-texts.js';
import { isAtOrBelow, type OvirtNames } from './names.js';
import type { Outbox } from './outbox.js';
import { LONGEST_HEAD, messageHead } from './padding.js';
import type { OvirtSubscription, OvirtSubscriptions } from './subscriptions.js';

export interface OvirtSessionOptions {
  names: OvirtNames;
  /** Of all connections. */
  subscriptions: OvirtSubscriptions;
  outbox: Outbox;
  dispatcher: Dispatcher;
  caller: Caller;
  limits: { subscriptions: number; jsonDepth: number; batch: number };
  /** Asked before each SEND that is passed on and each SUBSCRIBE; throws or rejects to refuse. */
  permit: (action: 'send' | 'subscribe', destination: string) => Promise<unknown> | undefined;
  /** The end of the connection, without a word. */
  close: () => void;
}

/** What a subscription costs beyond its id and destination, bytes; an estimate. */
const OVERHEAD = 1024;

/** The text of what is forwarded, if it is JSON, behind which blanks mean nothing. Engine's client does not say what it sends. */
function jsonText(headers: HeaderList, body: Body): string | undefined {
  const type = headers.get('content-type');
  if (type !== undefined && !/^application\/json\b/i.test(type)) return undefined;
  try {
    const text = bodyText(body);
    return type !== undefined || /^\s*[[{]/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Something that a client survives: it is told, and goes on. */
class Complaint extends Error {}

export class OvirtSession {
  /** By id. */
  private readonly own = new Map<string, OvirtSubscription>();
  private isOver = false;

  constructor(private readonly options: OvirtSessionOptions) {}

  /** Does what a frame asks for. Returns a promise if there is something to wait for. */
  receive(frame: Frame): Promise<void> | undefined {
    try {
      return this.perform(frame)?.catch((error: unknown) => this.complain(error));
    } catch (error) {
      this.complain(error);
      return undefined;
    }
  }

  leave(): void {
    this.isOver = true;
    for (const [id, subscription] of this.own) this.end(id, subscription);
  }

  private end(id: string, subscription: OvirtSubscription): void {
    this.own.delete(id);
    this.options.subscriptions.remove(subscription);
    this.options.caller.quota?.own.release(costOf(id, subscription.destination));
  }

  private perform(frame: Frame): Promise<void> | undefined {
    switch (frame.command) {
      case 'SEND':
        return this.send(frame);
      case 'SUBSCRIBE':
        return this.subscribe(frame.headers);
      case 'UNSUBSCRIBE':
        return this.unsubscribe(frame.headers);
      case 'DISCONNECT':
        return this.disconnect(frame.headers);
      default:
        // ACK, transactions and the rest: vdsm ends by what it does not know.
        this.options.close();
        return undefined;
    }
  }

  private subscribe(headers: HeaderList): Promise<void> | undefined {
    const [destination, id] = [headers.get('destination'), headers.get('id')];
    if (!destination || !id) throw new Complaint('Missing destination or subscription id header');
    const known = this.own.get(id);
    // Engine's client may say it twice.
    if (known?.destination === destination) return undefined;
    if (known !== undefined) throw new Complaint('Subscription id already exists');
    const most = this.options.limits.subscriptions;
    if (this.own.size >= most)
      throw new Complaint(`more than ${most} subscriptions of this connection (limits.subscriptions)`);
    const head = messageHead(destination, id);
    if (head === undefined)
      throw new Complaint(
        `destination and id are too long: a MESSAGE with them has more than ${LONGEST_HEAD} bytes of headers`,
      );
    return this.permitted('subscribe', destination, () => {
      this.options.caller.quota?.own.take(costOf(id, destination), 'this subscription');
      const subscription = this.subscription(destination, id, head);
      this.own.set(id, subscription);
      this.options.subscriptions.add(subscription);
    });
  }

  private subscription(destination: string, id: string, head: string): OvirtSubscription {
    const { outbox } = this.options;
    return {
      destination,
      deliver: (text) => outbox.message(head, text),
      forward: (pairs, body) => {
        const headers = new HeaderList(['subscription', id, ...pairs]);
        const full = 'MESSAGE\n' + encodeHeaders(headers, '1.2');
        // Other headers than these are of no use to anybody, and the head has to stay short.
        const short = full.length > LONGEST_HEAD ? head : full;
        const json = jsonText(headers, body);
        if (json === undefined) outbox.write(encodeBody(short, body));
        else outbox.message(short, json);
      },
    };
  }

  private unsubscribe(headers: HeaderList): undefined {
    const id = headers.get('id');
    if (!id) throw new Complaint('Missing id header');
    const subscription = this.own.get(id);
    if (subscription !== undefined) this.end(id, subscription);
    return undefined;
  }

  /** With a receipt the connection stays open, as vdsm has it; who wants it closed closes it. */
  private disconnect(headers: HeaderList): undefined {
    const receipt = headers.get('receipt');
    if (receipt === undefined) this.options.close();
    else
      this.options.outbox.write(
        `RECEIPT\n${encodeHeaders(HeaderList.of({ 'receipt-id': receipt }), '1.2')}content-length:0\n\n\0`,
      );
    return undefined;
  }

  private send(frame: Frame): Promise<void> | undefined {
    const { names } = this.options;
    const destination = frame.header('destination');
    if (!destination) return void this.options.close();
    const isRequest = names.requests.some((one) => isAtOrBelow(destination, one));
    const listeners = this.options.subscriptions.above(destination);
    if (listeners.length === 0 && !isRequest) throw new Complaint('Subscription not available');
    const pass = (): void => listeners.forEach((listener) => listener.forward(frame.headers.pairs, frame.body));
    if (!isRequest) return this.permitted('send', destination, pass);
    // Whether somebody listens to what is asked is nothing to the asker: at most the copy is refused.
    const passed = listeners.length === 0 ? undefined : this.attempt(() => this.permitted('send', destination, pass));
    return passed === undefined ? this.request(frame) : passed.then(() => this.request(frame));
  }

  /** An answer to what another connection has subscribed is as good as a SEND there. */
  private request(frame: Frame): Promise<void> | undefined {
    const replyTo = frame.header('reply-to');
    const isOwn = replyTo === undefined || [...this.own.values()].some(({ destination }) => destination === replyTo);
    if (isOwn) return void this.answer(frame);
    return this.permitted('send', replyTo, () => this.answer(frame));
  }

  /** Works on requests. Whoever asked need not be known: whatever is subscribed to the `reply-to` gets the answer. */
  private answer({ headers, body }: Frame): void {
    const replyTo = headers.get('reply-to');
    const said = this.texts(body, headers);
    if (typeof said === 'object') void said.then((text) => this.reply(replyTo, text));
    else this.reply(replyTo, said);
  }

  private texts(body: Body, headers: HeaderList): string | undefined | Promise<string | undefined> {
    const { dispatcher, caller, limits } = this.options;
    let message: unknown;
    try {
      message = messageOf({ body }, limits.jsonDepth, limits.batch);
    } catch (error) {
      return answerTexts.error(null, error);
    }
    // vdsm's own client wraps each of its requests in an array, and takes the answer as it is.
    if (Array.isArray(message) && message.length === 1) message = message[0];
    if (isResponse(message)) return undefined;
    const envelope: Envelope = { headers, length: body.length, texts: answerTexts };
    return dispatcher.receive(message, caller, envelope);
  }

  /** Answers and errors alike: without a `reply-to` nobody hears of them; without an id it cannot be told whose they are. */
  private reply(replyTo: string | undefined, text: string | undefined): void {
    if (text === undefined) return;
    const { subscriptions, names } = this.options;
    const { reply, idless } = splitAnswer(text);
    for (const one of idless) for (const listener of subscriptions.at(names.responses)) listener.deliver(one);
    if (reply === undefined || replyTo === undefined) return;
    for (const listener of subscriptions.at(replyTo)) listener.deliver(reply);
  }

  /** Asks whether this connection may, and then does it. */
  private permitted(action: 'send' | 'subscribe', destination: string, run: () => void): Promise<void> | undefined {
    const pending = this.options.permit(action, destination);
    // It may have ended meanwhile.
    return pending === undefined ? void run() : pending.then(() => this.isOver || run()).then(() => {});
  }

  /** Does it, or does without where it is not allowed. */
  private attempt(run: () => Promise<void> | undefined): Promise<void> | undefined {
    try {
      return run()?.catch(() => {});
    } catch {
      return undefined;
    }
  }

  /** An ERROR, which is not the end. */
  private complain(error: unknown): void {
    if (!(error instanceof Complaint || error instanceof SallyportError)) throw error;
    this.options.outbox.write(encodeBody('ERROR\n', error.message));
  }
}

/** They are kept by themselves, and in what every MESSAGE begins with. */
function costOf(id: string, destination: string): number {
  return OVERHEAD + 2 * (id.length + destination.length);
}
