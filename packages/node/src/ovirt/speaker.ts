// Who speaks, by what a connection says first: a client of the ordinary dialect, or one of vdsm's. A CONNECT can be
// either's; then the first destination tells, since only ordinary ones begin with a slash.

import type { Decoder, Frame } from '@sallyport/core/stomp';

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
    if (!versions(frame).includes('1.2') || hasLogin(frame)) return { speaker: 'ordinary', isSure: true };
    // The Python client names no host, and neither offers another version.
    const isJava = frame.header('host') !== undefined && !offersMore(frame);
    return { speaker: isJava ? 'java' : 'vdsm', isSure: false };
  }
  if (frame.command === 'STOMP' || isOrdinary(frame)) return { speaker: 'ordinary', isSure: true };
  // The Java client's own SUBSCRIBE overtakes its CONNECT now and then.
  return { speaker: frame.command === 'SUBSCRIBE' ? 'java' : 'vdsm', isSure: true };
}

/** Whether a frame, which may have come behind a CONNECT, shows that an ordinary client has sent it. */
export function isOrdinary({ command, headers }: Frame, connect?: Frame): boolean {
  const destination = headers.get('destination');
  if ((command === 'SUBSCRIBE' || command === 'SEND') && destination !== undefined) return destination.startsWith('/');
  // Whoever offers several versions was not made for vdsm: what it means has to be read from STOMP's text.
  return command === 'BEGIN' || (connect !== undefined && offersMore(connect));
}

/** Whether a frame is what engine's library would send, to the last header. */
export function isEngines({ command, headers }: Frame): boolean {
  if (command === 'SEND') return !headers.has('content-type');
  if (command !== 'SUBSCRIBE') return true;
  return headers.size === 3 && headers.has('destination') && headers.get('ack') === 'auto' && headers.has('id');
}

function versions(connect: Frame): readonly string[] {
  return (connect.header('accept-version') ?? '').split(',').map((version) => version.trim());
}

/** Whether a client that says CONNECT could do with another version than vdsm's. */
export function offersMore(connect: Frame): boolean {
  return versions(connect).length > 1;
}

/** Whether a frame that was refused begins like those that only clients of vdsm's dialect begin with. */
export function isVdsmFrame(refused: Decoder['begun']): boolean {
  const text =
    refused instanceof Uint8Array ? Buffer.from(refused.subarray(0, 16)).toString('latin1') : refused.command;
  return /^(SUBSCRIBE|SEND|UNSUBSCRIBE|DISCONNECT)\b/.test(text);
}

function hasLogin(frame: Frame): boolean {
  return ['login', 'passcode', 'token'].some((name) => frame.header(name) !== undefined);
}
