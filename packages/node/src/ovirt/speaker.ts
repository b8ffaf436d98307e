// Who speaks, by what a connection says first: a client of the ordinary dialect, or one of vdsm's. A CONNECT can be
// either's; then the first destination tells, since only ordinary ones begin with a slash.

import type { Frame } from '@sallyport/core/stomp';

/** `java`: engine's library, which needs to be spared; `vdsm`: any other of that dialect. */
export type Speaker = 'ordinary' | 'java' | 'vdsm';

/** What the first frame tells. Where `isSure` is false a CONNECT has come that may be an ordinary client's all the same. */
export interface Guess {
  speaker: Speaker;
  isSure: boolean;
}

export function guessSpeaker(frame: Frame): Guess {
  if (frame.command === 'CONNECT') {
    // vdsm has no logins, and takes this one version only.
    const isOrdinary = frame.header('accept-version') !== '1.2' || hasLogin(frame);
    if (isOrdinary) return { speaker: 'ordinary', isSure: true };
    // The Python client names no host.
    return { speaker: frame.header('host') === undefined ? 'vdsm' : 'java', isSure: false };
  }
  if (frame.command === 'STOMP' || isOrdinary(frame)) return { speaker: 'ordinary', isSure: true };
  // The Java client's own SUBSCRIBE overtakes its CONNECT now and then.
  return { speaker: frame.command === 'SUBSCRIBE' ? 'java' : 'vdsm', isSure: true };
}

/** Whether a frame behind CONNECT shows that it was an ordinary client's. */
export function isOrdinary({ command, headers }: Frame): boolean {
  if (command === 'SUBSCRIBE' || command === 'SEND') return headers.get('destination')?.startsWith('/') === true;
  return command === 'BEGIN';
}

function hasLogin(frame: Frame): boolean {
  return ['login', 'passcode', 'token'].some((name) => frame.header(name) !== undefined);
}
