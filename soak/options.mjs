// What the command line says.

import { parseArgs } from 'node:util';
import { join } from 'node:path';

const usage = `npm run soak -- [--minutes N] [--seed S] [--only part,part] [--chart file] [--report file]

  --minutes N   how long the load lasts; default 1, fractions are taken
  --seed S      repeats the choices of an earlier run; default: a new one, which is printed
  --only parts  some parts of the load alone, as soak/load/workloads/index.mjs names them
  --chart file  where the chart goes; default soak/results/<time>.html
  --report file writes how many checks held and failed, as JSON, for npm test`;

/**
 * @typedef {object} Options
 * @property {number} minutes
 * @property {string} seed
 * @property {string[] | undefined} only
 * @property {string} chart absolute, or relative to where the command was started
 * @property {string | undefined} report
 */

/** @returns {Options} or throws an Error whose message is for whoever typed it */
export function readOptions(args, now = new Date()) {
  const { values } = parse(args);
  if (values.help) throw new Error(usage);
  const minutes = Number(values.minutes ?? 1);
  if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, not ${values.minutes}\n\n${usage}`);
  const name = now.toISOString().slice(0, 19).replaceAll(':', '-');
  return {
    minutes,
    seed: values.seed ?? String(Math.floor(Math.random() * 1e9)),
    only: values.only?.split(','),
    chart: values.chart ?? join(import.meta.dirname, 'results', `${name}.html`),
    report: values.report,
  };
}

function parse(args) {
  const text = { type: 'string' };
  try {
    return parseArgs({
      args,
      options: {
        minutes: text,
        seed: text,
        only: text,
        chart: text,
        report: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Error(`${error.message}\n\n${usage}`, { cause: error });
  }
}
