// The users of a configuration file, and their rights.

import { topicTokens } from '@sallyport/core/broker';
import type { ConfigValue } from './config-value.js';
import { PasscodeHash } from '../access/passcode-hash.js';
import { allRights, destinationTokens, type Grant, grants, type Pattern, type Rights } from '../access/rights.js';
import { isTokenHash } from '../access/token-hash.js';
import type { User } from '../access/users.js';

/** Reads `users`; `isOvirt`: clients of oVirt's dialect come, whose destinations have no slash. */
export function readUsers(value: ConfigValue, isOvirt: boolean): User[] {
  const users = value.entries().map(([name, user]) => readUser(name, user, isOvirt));
  for (const field of ['token', 'certificate'] as const) {
    const seen = new Map<string, string>();
    for (const user of users) {
      const key = user[field];
      if (key === undefined) continue;
      if (seen.has(key)) value.fail(`${seen.get(key)} and ${user.name} have the same ${field}`);
      seen.set(key, user.name);
    }
  }
  return users;
}

function readUser(name: string, value: ConfigValue, isOvirt: boolean): User {
  const { passcode, token, certificate, rights } = value.members(['passcode', 'token', 'certificate', 'rights']);
  if (name === '') value.fail('a user has a name');
  if (passcode === undefined && token === undefined && certificate === undefined)
    value.fail('has no passcode, token or certificate, so nobody could be it');
  return {
    name,
    passcode: passcode && readPasscode(passcode),
    token: token && readToken(token),
    certificate: certificate && readCertificate(certificate),
    rights: readRights(rights, isOvirt),
  };
}

function readPasscode(value: ConfigValue): PasscodeHash {
  const text = value.text();
  const hash = PasscodeHash.read(text);
  if (hash !== undefined) return hash;
  // What stands there may well be the passcode itself, so it is not repeated.
  if (text.startsWith('$scrypt$')) value.fail('is no scrypt hash that a login can be checked by');
  return value.fail('must be a hash, not the passcode itself: `sallyport passcode` makes one');
}

function readToken(value: ConfigValue): string {
  const text = value.text();
  return isTokenHash(text)
    ? text
    : value.fail('must be a hash: `sallyport passcode --token` makes a token and its hash');
}

/** A fingerprint in the spelling of Node's, whatever the case; anything else is a common name. */
function readCertificate(value: ConfigValue): string {
  const text = value.text();
  return /^([\da-f]{2}:){31}[\da-f]{2}$/i.test(text) ? text.toUpperCase() : text;
}

/** Reads rights: nothing that is not named. */
export function readRights(value: ConfigValue | undefined, isOvirt: boolean): Rights {
  if (value?.is('all')) return allRights;
  if (value !== undefined && !value.isObject) value.fail(`must be "all" or an object with ${grants.join(', ')}`);
  const { call, subscribe, send, serve } = value?.members(grants) ?? {};
  const destination = (pattern: ConfigValue): Pattern => destinationPattern(pattern, isOvirt);
  return {
    call: readGrant(call, namePattern),
    subscribe: readGrant(subscribe, destination),
    send: readGrant(send, destination),
    serve: readGrant(serve, namePattern),
  };
}

function readGrant(value: ConfigValue | undefined, read: (pattern: ConfigValue) => Pattern): Grant {
  if (value === undefined) return [];
  return value.is('all') ? 'all' : value.list().map(read);
}

/** Methods and services: `host.*`. */
function namePattern(value: ConfigValue): Pattern {
  const text = value.text();
  if (text.includes('/')) value.fail('must be the name of a method or service such as host.getStats or host.*');
  return value.check((name) => topicTokens(name, 'allowed'));
}

/** Destinations: `/topic/host.#`, or `jms.queue.events`. */
function destinationPattern(value: ConfigValue, isOvirt: boolean): Pattern {
  const text = value.text();
  if (isOvirt && !text.includes('/')) {
    value.check((destination) => topicTokens(destination, 'allowed'));
    return destinationTokens(text);
  }
  if (!/^\/(topic|queue)\//.test(text)) value.fail('must begin with /topic/ or /queue/');
  if (/^\/queue\/rpc(\.|$)/.test(text)) value.fail('the queues of requests go by the rights call and serve');
  value.check((destination) => topicTokens(destination.replace(/^\/\w+\//, ''), 'allowed'));
  return destinationTokens(text);
}
