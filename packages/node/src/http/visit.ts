// One connection that speaks HTTP, with what is known of it from request to request.

import type { Socket } from 'node:net';
import type { Clock } from '@sallyport/core';
import type { Quota, Share } from '@sallyport/core/broker';
import type { Accepted } from '../acceptor.js';
import type { ServerLimits } from '../limits.js';
import type { Answer } from './answer.js';
import { Deadlines } from './deadlines.js';
import { endSlowly } from './linger.js';
import { Outgoing } from './outgoing.js';

export class Visit {
  readonly deadlines: Deadlines;
  readonly outgoing: Outgoing;
  /** The answer to the request that came last. */
  last: Answer | undefined;
  /** Whether what came behind that request, or in its body, is no HTTP; that is told in its turn. */
  isFaulty = false;
  private share: Share | undefined;

  constructor(
    readonly accepted: Accepted,
    clock: Clock,
    limits: ServerLimits,
    private readonly open: ((accepted: Accepted) => Share) | undefined,
  ) {
    const socket = accepted.socket as Socket;
    // So Node ends a connection behind its last answer.
    socket.destroySoon = () => endSlowly(socket, clock);
    this.outgoing = new Outgoing(socket, clock, limits);
    this.deadlines = new Deadlines(socket, clock, limits, accepted.opened, () => this.outgoing.isLeaving);
  }

  /** Where the bodies of its requests count, while they come in. */
  readonly quota = (): Quota | undefined => (this.share ??= this.open?.(this.accepted))?.quota;

  /** It is no longer HTTP, or gone. */
  leave(): void {
    this.deadlines.stop();
    this.outgoing.stop();
    this.share?.close();
    // Its own again.
    delete (this.accepted.socket as Partial<Socket>).destroySoon;
  }
}
