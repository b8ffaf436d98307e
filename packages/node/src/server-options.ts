// What a server can be told, checked before anything is opened.

import { checkLimits, checkOptions, defaultLimits, type Limits, type OptionRules } from '@sallyport/core';
import type { AdmissionLimits } from './admission.js';
import { defaultAdmission } from './admission.js';
import type { HttpTimes } from './http/deadlines.js';
import type { HubOptions } from './hub.js';
import type { TlsGateOptions } from './tls.js';

/** Node's TLS options, and whether plain connections are refused. */
export interface ServerTlsOptions extends TlsGateOptions {
  /** Refuse connections that do not speak TLS. Default false: the port takes both. */
  required?: boolean;
}

export interface ServerOptions extends Omit<HubOptions, 'limits'>, Partial<HttpTimes> {
  /**
   * TLS on the same port: certificate and key; or `'optional'` or `'required'` for a certificate made up at the start,
   * for trying things out. Default: no TLS.
   */
  tls?: 'optional' | 'required' | ServerTlsOptions | undefined;
  /** Pages that may connect, such as `https://admin.example`; `'*'` is any. Default: those served from this host. */
  origins?: readonly string[] | undefined;
  /** Names this server answers to by HTTP. Default: those of loopback when it listens there, else any. */
  allowedHosts?: readonly string[] | undefined;
  /** A directory of files to serve at `/`. */
  page?: string | URL | undefined;
  /** Listen beyond loopback although there is no `authenticate`. Default false. */
  insecure?: boolean | undefined;
  limits?: Partial<Limits & AdmissionLimits> | undefined;
  /** How long a connection may take to show what it speaks, milliseconds. Default 5000. */
  sniffTime?: number | undefined;
  /** How long a TLS handshake may take, milliseconds. Default 10 000. */
  handshakeTime?: number | undefined;
  /** Told once of each kind of thing that was refused. Default: nobody. */
  log?: ((level: 'info' | 'warn', message: string) => void) | undefined;
}

export interface ListenOptions {
  /** Default 54321; 0 is any that is free. */
  port?: number;
  /** The address to listen on. Default 127.0.0.1: this machine only. */
  host?: string;
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
  headTime: 'number',
  requestTime: 'number',
  keepAliveTime: 'number',
  tls: 'any',
  origins: 'array',
  allowedHosts: 'array',
  page: 'any',
  insecure: 'boolean',
  limits: 'object',
  sniffTime: 'number',
  handshakeTime: 'number',
  log: 'function',
};

/** Throws a TypeError that names what is wrong. */
export function checkServerOptions(options: ServerOptions): void {
  checkOptions(options, rules, 'createServer');
  checkLimits(options.limits ?? {}, { ...defaultLimits, ...defaultAdmission }, 'createServer');
  const { tls } = options;
  if (typeof tls === 'string' && tls !== 'optional' && tls !== 'required') {
    throw new TypeError("createServer: option tls must be 'optional', 'required' or an object with cert and key");
  }
}

/** Throws a TypeError or RangeError that names what is wrong. */
export function checkListenOptions(options: ListenOptions): void {
  checkOptions(options, { port: 'number', host: 'string' }, 'listen');
  const { port = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`listen: option port must be a whole number from 0 to 65535, not ${port}`);
  }
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
