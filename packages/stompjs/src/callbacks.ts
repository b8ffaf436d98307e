// A @stomp/stompjs client has one place for each callback, and it is the user's. Here we listen in.

import type { Client as StompjsClient, IFrame, IMessage } from '@stomp/stompjs';

/** The callbacks, by what they are told. */
interface Callbacks {
  onConnect: IFrame;
  onStompError: IFrame;
  onUnhandledMessage: IMessage;
  onWebSocketClose: unknown;
}

/** What we do when the client calls back; the user's own callback follows, unless this returns `'taken'`. */
export type Listeners = { readonly [Name in keyof Callbacks]: (argument: Callbacks[Name]) => void | 'taken' };

/** Listens in on callbacks, whether the user sets theirs before or after. Returns what stops that and leaves theirs. */
export function listenIn(stomp: StompjsClient, listeners: Listeners): () => void {
  const stops = [
    chain(stomp, 'onConnect', listeners.onConnect),
    chain(stomp, 'onStompError', listeners.onStompError),
    chain(stomp, 'onUnhandledMessage', listeners.onUnhandledMessage),
    chain(stomp, 'onWebSocketClose', listeners.onWebSocketClose),
  ];
  return () => stops.forEach((stop) => stop());
}

function chain<Name extends keyof Callbacks>(stomp: StompjsClient, name: Name, own: Listeners[Name]): () => void {
  type Callback = (this: StompjsClient, argument: Callbacks[Name]) => void;
  let theirs = stomp[name] as Callback;
  let listening = true;
  let inside = false;
  const get = (): Callback => {
    const current = theirs;
    return (argument) => {
      // Users chain as well, by a callback that calls the one it has found; we are called once all the same.
      if (inside || !listening) return current.call(stomp, argument);
      inside = true;
      try {
        if (own(argument) !== 'taken') current.call(stomp, argument);
      } finally {
        inside = false;
      }
    };
  };
  const set = (given: Callback): void => void (theirs = given);
  Object.defineProperty(stomp, name, { configurable: true, enumerable: true, get, set });
  return () => {
    listening = false;
    // Somebody may have come after us and listen in on what we gave them; it passes everything on.
    if (Object.getOwnPropertyDescriptor(stomp, name)?.get !== get) return;
    Object.defineProperty(stomp, name, { configurable: true, enumerable: true, writable: true, value: theirs });
  };
}
