// A call that is being answered: who asked, and what its handler is told.

import { HeaderList } from '../header-list.js';
import type { ConnectionRoom } from '../room.js';
import { type Id, progressMethod, requestText } from './message.js';

/** Whoever asks. One object for each, as long as it may ask; it holds the calls being worked on. */
export interface Caller {
  /** What `authenticate` returned. */
  readonly principal?: unknown;
  /** The connection the call came by, as the server's users know it. */
  readonly session?: unknown;
  /** Calls that have not been answered. */
  readonly running: Map<Id | symbol, Call>;
  /** Where what its calls take is counted while they are being worked on; `take` throws if there is no room. */
  readonly quota?: ConnectionRoom | undefined;
}

/** How it is said what became of a call. */
export interface AnswerTexts {
  result(id: Id, result: unknown): string;
  error(id: Id, thrown: unknown): string;
}

/** What is known of a message beside its text. */
export interface Envelope {
  /** How long the caller waits for the answer, milliseconds. */
  time?: number | undefined;
  /** Sends a notification to the caller while its call is being worked on. */
  notify?: ((text: string) => void) | undefined;
  /** The headers it came with, where its carrier has any. */
  headers?: HeaderList | undefined;
  /** The length of its text; 0 if that does not matter. */
  length?: number | undefined;
  /** How answers are worded. Default: as JSON-RPC has it. */
  texts?: AnswerTexts | undefined;
}

/** What a handler is told of its call, beside the params. One for each call: `private` costs less to make than `#`. */
export class Call {
  /** The method's name. */
  readonly method: string;
  /** When its time is over, by the clock of whoever answers, milliseconds; Infinity: never. */
  readonly deadline: number;
  /** Set with the answer; there is no progress after it. */
  answered = false;
  private readonly caller: Caller;
  private readonly id: Id | undefined;
  private readonly envelope: Envelope;
  private controller: AbortController | undefined;
  private ended: { reason: unknown } | undefined;

  constructor(caller: Caller, id: Id | undefined, method: string, deadline: number, envelope: Envelope) {
    this.caller = caller;
    this.id = id;
    this.method = method;
    this.deadline = deadline;
    this.envelope = envelope;
  }

  /** Aborted when the caller cancels, its connection ends or its time is over. */
  get signal(): AbortSignal {
    // Most handlers never look, and an AbortController costs more than a small call.
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.ended !== undefined) this.controller.abort(this.ended.reason);
    }
    return this.controller.signal;
  }

  /** What `authenticate` returned for this connection. */
  get principal(): unknown {
    return this.caller.principal;
  }

  /** The headers of the message that the call came in, such as `traceparent`; empty by HTTP and bare JSON-RPC. */
  get headers(): HeaderList {
    return this.envelope.headers ?? HeaderList.empty;
  }

  /** The connection the call came by. */
  get session(): unknown {
    return this.caller.session;
  }

  /** Tells the caller how far the call has come; it may be listening. Handlers may take it out of the call: `{ progress }`. */
  get progress(): (value: unknown) => void {
    return (value) => {
      const token = this.id;
      if (token === undefined || this.ended !== undefined || this.answered) return;
      this.envelope.notify?.(requestText(undefined, progressMethod, { token, value }));
    };
  }

  /** Why the signal was aborted, if it was. */
  get abortReason(): unknown {
    return this.ended?.reason;
  }

  /** Aborts the signal. */
  end(reason: unknown): void {
    this.ended ??= { reason };
    this.controller?.abort(reason);
  }
}
