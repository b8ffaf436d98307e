// What a server can be told, checked before anything is opened.

import { checkLimits, checkOptions, type OptionRules } from '@sallyport/core';
import type { HubOptions } from './hub.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { proxyList } from './proxy-protocol.js';
import type { TlsGateOptions } from './tls.js';

/** Node's TLS options, and whether plain connections are refused. */
export interface ServerTlsOptions extends TlsGateOptions {
  /** Refuse connections that do not speak TLS. Default false: the port takes both. */
  required?: boolean;
}

export interface ServerOptions extends Omit<HubOptions, 'limits'> {
  /**
   * TLS on the same port: certificate and key; or `'optional'` or `'required'` for a certificate made up at the start,
   * for trying things out. Default: no TLS.
   */
  tls?: 'optional' | 'required' | ServerTlsOptions | undefined;
  /** Pages that may connect, such as `https://admin.example`; `'*'` is any. Default: those served from this host. */
  origins?: readonly string[] | undefined;
  /** Names this server answers to by HTTP. Default: those of loopback when it listens there, else any. */
  allowedHosts?: readonly string[] | undefined;
  /**
   * Addresses, and ranges such as `10.0.0.0/8`, of proxies that put a PROXY header (version 1 or 2) in front of each
   * connection. From them it is required, from others it is refused. Default: none.
   */
  proxies?: readonly string[] | undefined;
  /** A directory of files to serve at `/`. */
  page?: string | URL | undefined;
  /** Listen beyond loopback although there is no `authenticate`. Default false. */
  insecure?: boolean | undefined;
  limits?: Partial<ServerLimits> | undefined;
  /** Told once of each kind of thing that was refused. Default: nobody. */
  log?: ((level: 'info' | 'warn', message: string) => void) | undefined;
}

export interface ListenOptions {
  /** Default 54321; 0 is any that is free. */
  port?: number;
  /** The address to listen on. Default 127.0.0.1: this machine only. */
  host?: string;
}

export interface DrainOptions {
  /** How long it may take, milliseconds. Default `limits.drainTime`, 5000. */
  over?: number | undefined;
}

const rules: OptionRules = {
  authenticate: 'function',
  authorize: 'function',
  clock: 'object',
  timeout: 'number',
  onError: 'function',
  heartBeat: 'object',
  heartBeatGrace: 'number',
  leastGrace: 'number',
  leastHeartBeat: 'number',
  tls: 'any',
  origins: 'array',
  allowedHosts: 'array',
  proxies: 'array',
  page: 'any',
  insecure: 'boolean',
  limits: 'object',
  log: 'function',
};

/** Of the options inside `tls` those that are ours; the others are Node's. */
const tlsRules: OptionRules = { serverNames: 'array', requireAlpn: 'boolean', required: 'boolean' };

/** Throws a TypeError that names what is wrong. */
export function checkServerOptions(options: ServerOptions): void {
  checkOptions(options, rules, 'createServer');
  checkLimits(options.limits ?? {}, defaultServerLimits, 'createServer');
  proxyList(options.proxies ?? [], 'createServer');
  checkTls(options.tls);
}

function checkTls(tls: ServerOptions['tls']): void {
  if (tls === undefined || tls === 'optional' || tls === 'required') return;
  if (typeof tls !== 'object' || tls === null)
    throw new TypeError("createServer: option tls must be 'optional', 'required' or an object with cert and key");
  const { serverNames, requireAlpn, required } = tls;
  checkOptions({ serverNames, requireAlpn, required }, tlsRules, 'createServer: tls');
  if (serverNames?.some((name) => typeof name !== 'string' || name === ''))
    throw new TypeError('createServer: option tls.serverNames must be names such as gate.example');
}

/** Throws a TypeError or RangeError that names what is wrong. */
export function checkListenOptions(options: ListenOptions): void {
  checkOptions(options, { port: 'number', host: 'string' }, 'listen');
  const { port = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`listen: option port must be a whole number from 0 to 65535, not ${port}`);
  }
}

/** Throws a TypeError or RangeError that names what is wrong. */
export function checkDrainOptions(options: DrainOptions): void {
  checkOptions(options, { over: 'number' }, 'drain');
  if (options.over === Infinity) throw new RangeError('drain: option over must have an end');
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
