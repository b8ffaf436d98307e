// Calling what users gave us. A mistake of theirs must come to light, and must not end what called it.

/** Calls back; what is thrown becomes an uncaught error, as that of an event listener does. */
export function callBack<Args extends unknown[]>(run: (...args: Args) => void, ...args: Args): void {
  try {
    run(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
