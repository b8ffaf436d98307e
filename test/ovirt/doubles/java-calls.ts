// The calls of a Java client that have no answer yet: a tracker looks at them twice a second, sends again what is too late
// and has attempts left, under the same id, and gives up the others.

import { type Answer, CallFailure } from './call-failure.js';

/** The code it makes up for time-outs and lost connections. */
const COMMUNICATION = 5022;

const TRACK_TIME = 500;

interface Open {
  readonly body: string;
  readonly begun: number;
  sent: number;
  attempts: number;
  settle(failure: CallFailure | undefined, result?: unknown): void;
}

export interface JavaCallsOptions {
  timeout: number;
  retries: number;
  resend(body: string): void;
}

export class JavaCalls {
  /** How long each call took that was answered, milliseconds. */
  readonly times: number[] = [];
  private readonly open = new Map<unknown, Open>();
  private readonly tracker: NodeJS.Timeout;

  constructor(private readonly options: JavaCallsOptions) {
    this.tracker = setInterval(() => this.track(), TRACK_TIME);
  }

  add(id: string, body: string): Promise<unknown> {
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      const settle = (failure: CallFailure | undefined, result?: unknown): void => {
        this.open.delete(id);
        if (failure === undefined) resolve(result);
        else reject(failure);
      };
      this.open.set(id, { body, begun, sent: begun, attempts: this.options.retries, settle });
    });
  }

  /** False for an answer that nobody waits for. */
  answer({ id, result, error }: Answer): boolean {
    const call = this.open.get(id);
    if (call === undefined) return false;
    this.times.push(performance.now() - call.begun);
    call.settle(error && new CallFailure(error.code, String(error.message)), result);
    return true;
  }

  failAll(why: string): void {
    for (const call of [...this.open.values()]) call.settle(new CallFailure(COMMUNICATION, why));
  }

  close(): void {
    clearInterval(this.tracker);
    this.failAll('the client was closed');
  }

  private track(): void {
    const now = performance.now();
    for (const call of [...this.open.values()]) {
      if (now - call.sent < this.options.timeout) continue;
      if (call.attempts === 0) {
        call.settle(new CallFailure(COMMUNICATION, 'Message timeout which can be caused by communication issues'));
        continue;
      }
      call.attempts--;
      call.sent = now;
      this.options.resend(call.body);
    }
  }
}

/** No connection to that host. */
export function noConnection(host: string, cause?: unknown): CallFailure {
  return new CallFailure(COMMUNICATION, `Connection timeout for host '${host}'`, { cause });
}
