// The one call that users make.

import { checkLimits, checkOptions, defaultLimits, type OptionRules } from '@sallyport/core';
import { Client, type ClientOptions, type Contract } from '@sallyport/core/client';
import type { Client as StompjsClient } from '@stomp/stompjs';
import { StompjsBroker } from './stompjs-broker.js';

/** Options of {@link overStompjs}: those of a client. */
export type OverStompjsOptions = ClientOptions;

const rules: OptionRules = { limits: 'object', clock: 'object', timeout: 'number', onError: 'function' };

/**
 * Calls, events and methods through a `Client` of @stomp/stompjs, active or not yet. It stays the user's: activating,
 * reconnecting and deactivating it are theirs, its callbacks go on being called, and `close()` of what is returned
 * leaves it connected. While it is not connected calls wait, within their time. Throws a TypeError that names a wrong
 * option.
 *
 * With RabbitMQ, call this before the client is connected: what kind of server it is, is told only then.
 */
export function overStompjs<Api extends Contract = Contract>(
  stomp: StompjsClient,
  options: OverStompjsOptions = {},
): Client<Api> {
  checkOptions(options, rules, 'overStompjs');
  checkLimits(options.limits ?? {}, defaultLimits, 'overStompjs');
  return new Client<Api>(new StompjsBroker(stomp, options), options);
}
