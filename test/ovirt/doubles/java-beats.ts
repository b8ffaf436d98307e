// The heart-beats of engine's Java library: what it asks for, and what it makes of the answer.

export interface JavaBeats {
  /** The longest silence of the server that it takes, milliseconds; 0 is any. */
  readonly incoming: number;
  /** The longest that it is silent itself, milliseconds; 0 is for ever. */
  readonly outgoing: number;
}

/** The header of its CONNECT: it asks for half of the silence that it takes. */
export function askedBeats({ incoming, outgoing }: JavaBeats): string {
  return `${outgoing},${incoming - Math.trunc(incoming / 2)}`;
}

/**
 * What it does after CONNECTED, and the policy from which the next connection asks: every reconnect therefore asks for
 * three quarters of the last. Grace is given only where the number in the answer is not the policy's.
 */
export function agreedBeats(policy: JavaBeats, answer: string | undefined): JavaBeats {
  if (answer === undefined) return policy;
  const [sends = 0, expects = 0] = answer.split(',').map(Number);
  return {
    incoming: sends === policy.incoming ? sends : Math.trunc(sends * 1.5),
    outgoing: expects === policy.outgoing ? expects : Math.trunc(expects / 2),
  };
}
