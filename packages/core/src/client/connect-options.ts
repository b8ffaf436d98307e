// The options that `connect` has on every platform, checked.

import { defaultLimits } from '../limits.js';
import { checkLimits, checkOptions, type OptionRules } from '../options.js';
import type { ClientOptionsOverStomp } from './stomp-client.js';

/** Options of `connect`, besides those of the platform. */
export type ConnectOptions = Partial<Omit<ClientOptionsOverStomp, 'dial' | 'errorEnds' | 'beatShare'>>;

const rules: OptionRules = {
  host: 'string',
  versions: 'array',
  headers: 'object',
  heartBeat: 'object',
  heartBeatGrace: 'number',
  leastGrace: 'number',
  leastHeartBeat: 'number',
  limits: 'object',
  clock: 'object',
  timeout: 'number',
  auth: 'any',
  retryFirst: 'boolean',
  random: 'function',
  firstDelay: 'number',
  longestDelay: 'number',
  onError: 'function',
};

/** Throws a TypeError that names what is wrong: an option, or the scheme of the URL. */
export function checkConnect(
  { protocol }: { protocol: string },
  schemes: readonly string[],
  options: object,
  more: OptionRules = {},
): void {
  checkOptions(options, { ...rules, ...more }, 'connect');
  checkLimits((options as ConnectOptions).limits ?? {}, defaultLimits, 'connect');
  if (schemes.includes(protocol)) return;
  throw new TypeError(
    `connect: the URL must begin with ${schemes.map((scheme) => scheme + '//').join(', ')}, not ${protocol}//`,
  );
}
