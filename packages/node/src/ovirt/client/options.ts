// The options of a client of an oVirt host, checked.

import { checkLimits, checkOptions, defaultLimits, type OptionRules } from '@sallyport/core';
import type { KeepOptions } from '@sallyport/core/client';
import type { HeartBeatOptions } from '@sallyport/core/stomp';
import { dialOptionRules, type NodeDialOptions } from '../../dial-url.js';
import type { RetryPolicy } from './repeats.js';

/** How to connect to an oVirt host, and to connect again. */
export interface OvirtConnectOptions
  extends NodeDialOptions, Omit<KeepOptions, 'dial' | 'auth' | 'clock'>, Omit<HeartBeatOptions, 'leastHeartBeat'> {
  /**
   * Accept a certificate of the authority whatever host it names, as oVirt's own programs do; the authority then has to be
   * one that signs for these hosts only. Default false.
   */
  anyHostname?: boolean | undefined;
  /** How long a call waits for its answer unless it says otherwise, milliseconds. Default 30 000. */
  timeout?: number | undefined;
  /** Whether calls without an answer are sent again. Default: never. */
  retry?: RetryPolicy | undefined;
  /** Requests on their way at once; the others wait for their turn, within their own time. Default 80. */
  inFlight?: number | undefined;
  /** Where requests go. Default `jms.topic.vdsm_requests`. */
  requests?: string | undefined;
  /** Where events come from. Default `jms.queue.events`. */
  events?: string | undefined;
  /** Told of what nobody waits for: an ERROR of the host, an answer that cannot be read. */
  onError?: ((error: Error) => void) | undefined;
}

/** The schemes of a host: with TLS, and plain. */
export const ovirtSchemes: readonly string[] = ['ovirt+tls:', 'ovirt:'];

const rules: OptionRules = {
  ...dialOptionRules,
  anyHostname: 'boolean',
  heartBeat: 'object',
  heartBeatGrace: 'number',
  leastGrace: 'number',
  limits: 'object',
  clock: 'object',
  timeout: 'number',
  retry: 'object',
  inFlight: 'number',
  requests: 'string',
  events: 'string',
  retryFirst: 'boolean',
  random: 'function',
  firstDelay: 'number',
  longestDelay: 'number',
  onError: 'function',
};

const retryRules: OptionRules = { timeout: 'number', attempts: 'number', methods: 'any' };

/** Throws a TypeError that names what is wrong. */
export function checkOvirtOptions(options: OvirtConnectOptions): void {
  checkOptions(options, rules, 'connect');
  checkLimits(options.limits ?? {}, defaultLimits, 'connect');
  const { inFlight = 1, retry } = options;
  if (inFlight < 1) throw new TypeError('connect: option inFlight must be at least 1');
  if (retry === undefined) return;
  checkOptions(retry, retryRules, 'connect: retry');
  if (!Number.isSafeInteger(retry.attempts))
    throw new TypeError('connect: retry: option attempts must be a whole number, how often a request is sent again');
  const { methods = [] } = retry;
  if (!Array.isArray(methods) && typeof methods !== 'function')
    throw new TypeError('connect: retry: option methods must be an array of names, or a function of a name');
}
