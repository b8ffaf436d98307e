// What the command was told.

import { parseArgs } from 'node:util';

const usage = `npm run fuzz -- [--minutes N | --seconds N] [--seed S] [--only NAME] [--replay INPUT] [--from N] [--cases N] [--report FILE]`;

export interface Settings {
  /** For everything together, milliseconds. */
  time: number;
  seed: number;
  /** Targets whose name has this in it. */
  only: string | undefined;
  /** One input, of the target that `only` names. */
  replay: string | undefined;
  /** The first case of the live server, and how many. */
  from: number;
  cases: number;
  /** Where to write how many targets held, and how many did not. */
  report: string | undefined;
}

/** Throws an Error whose message is for whoever typed it. */
export function readSettings(args: string[]): Settings {
  try {
    return parseSettings(args);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

function parseSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      replay: { type: 'string' },
      from: { type: 'string' },
      cases: { type: 'string' },
      report: { type: 'string' },
    },
  });
  const number = (name: 'minutes' | 'seconds' | 'seed' | 'from' | 'cases', otherwise: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (Number.isFinite(value) && value >= 0) return value;
    if (values[name] === undefined) return value;
    throw new Error(`--${name} must be a number, not ${values[name]}`);
  };
  const seconds = number('seconds', 60 * number('minutes', 1));
  return {
    time: seconds * 1000,
    seed: number('seed', Date.now() % 1_000_000),
    only: values.only,
    replay: values.replay,
    from: number('from', 0),
    cases: number('cases', Infinity),
    report: values.report,
  };
}
