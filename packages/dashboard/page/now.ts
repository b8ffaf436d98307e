// The present moment as a signal, for texts that change by themselves.

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Milliseconds since 1970, renewed `every` so many milliseconds while the component is there. */
export function useNow(every: number): ReadonlySignal<number> {
  const now = useSignal(Date.now());
  useEffect(() => {
    now.value = Date.now();
    const timer = setInterval(() => (now.value = Date.now()), every);
    return () => clearInterval(timer);
  }, [every, now]);
  return now;
}
