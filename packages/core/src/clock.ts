// Time as a value that is passed in, so that heart-beats, deadlines and reconnects can be tested by turning a hand.

/** A running alarm of {@link Clock.after}. */
export interface Alarm {
  /** Stops the alarm; nothing happens if it has rung. */
  cancel(): void;
}

/** Where all protocol code gets its time from. */
export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  now(): number;
  /** Runs `run` once, `delay` milliseconds from now. */
  after(delay: number, run: () => void): Alarm;
}

/** setTimeout keeps the delay in 32 bits and fires at once beyond them. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delay, run) {
    let timer: unknown;
    const arm = (left: number): void => {
      const step = Math.min(left, LONGEST_TIMEOUT);
      timer = setTimeout(() => (left > step ? arm(left - step) : run()), step);
    };
    arm(Math.max(0, delay));
    return { cancel: () => clearTimeout(timer) };
  },
};
