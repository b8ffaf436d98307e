// What a connection may send and subscribe, as `authorize` has it. A call that it may not make is answered; anything else
// that it may not do ends it.

import { AuthError, jsonHeaders, RpcError } from '@sallyport/core';
import { type EmbeddedLink, isRequestQueue, type Message, requestQueue } from '@sallyport/core/broker';
import { ErrorCode, errorText, idOf, jsonOf } from '@sallyport/core/jsonrpc';
import { type Authorize, permit } from './access.js';
import type { Session } from './session.js';

export class Rights {
  constructor(private readonly authorize: Authorize | undefined) {}

  /** Throws, or rejects, to refuse. Returns nothing if there is nothing to wait for; `answered`: it goes nowhere. */
  ask(
    session: Session,
    link: EmbeddedLink,
    action: 'send' | 'subscribe',
    message: Message,
  ): Promise<void | 'answered'> | undefined {
    const { destination, replyTo } = message;
    const isCall = action === 'send' && replyTo !== undefined && isServiceQueue(destination);
    return isCall && this.authorize !== undefined
      ? this.call(session, link, message)
      : this.permit(session, action, destination);
  }

  permit(session: Session, action: 'send' | 'subscribe', destination: string): Promise<void> | undefined {
    // Calls of the server's own methods are asked for by method; those of a service by the queue of its requests.
    if (destination === requestQueue && action === 'send') return undefined;
    // The server's own methods are its own to serve.
    if (destination === requestQueue)
      throw new AuthError('ERR_FORBIDDEN', `not allowed: serve ${requestQueue}; a service has a name of its own`);
    if (destination.startsWith('/temp-queue/') || destination.startsWith('/reply-queue/')) return undefined;
    const wanted = action === 'subscribe' && isRequestQueue(destination) ? 'serve' : action;
    return permit(this.authorize, { principal: session.principal, session, action: wanted, destination });
  }

  private async call(session: Session, link: EmbeddedLink, message: Message): Promise<void | 'answered'> {
    try {
      await this.permit(session, 'send', message.destination);
    } catch {
      const refusal = errorText(idOf(jsonOf(message)), new RpcError(ErrorCode.forbidden, 'not allowed'));
      void link.send({ destination: message.replyTo!, headers: jsonHeaders, body: refusal });
      return 'answered';
    }
  }
}

/** Whether a queue is that of the requests for a service, and not for the server itself. */
export function isServiceQueue(destination: string): boolean {
  return destination !== requestQueue && isRequestQueue(destination);
}
