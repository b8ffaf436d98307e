// What a server can be told, checked before anything is opened.

import { checkLimits, checkOptions, type OptionRules } from '@sallyport/core';
import type { Authenticate, Authorize } from './access.js';
import type { HubOptions } from './hub.js';
import { checkDialect } from './ovirt/names.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { checkPems } from './pem.js';
import { proxyList } from './proxy-protocol.js';
import type { TlsGateOptions } from './tls.js';

/** Node's TLS options, and whether plain connections are refused. */
export interface ServerTlsOptions extends TlsGateOptions {
  /** Refuse connections that do not speak TLS. Default false: the port takes both. */
  required?: boolean;
}

/** What a server can be told; {@link createServer} has nothing that must be. */
export interface ServerOptions<Principal = unknown> extends Omit<HubOptions, 'limits' | 'authenticate' | 'authorize'> {
  /** Who somebody is; asked once of each connection, and of each request by HTTP. Default: nobody is asked. */
  authenticate?: Authenticate<Principal> | undefined;
  /** Whether they may do what they want to. Default: everybody may do everything. */
  authorize?: Authorize<Principal> | undefined;
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
  /**
   * XML-RPC by HTTP, for programs that were there before JSON-RPC: true is at `/RPC2`, a path is there. The methods are the
   * same, and those about methods beside: `system.listMethods` and so on. Default: only with a `dialect`.
   */
  xmlRpc?: boolean | string | undefined;
  /** Listen beyond loopback although there is no `authenticate`. Default false. */
  insecure?: boolean | undefined;
  /** Bounds on what others can make it hold, and wait for; see `defaultServerLimits`. */
  limits?: Partial<ServerLimits> | undefined;
}

/** Where to listen. */
export interface ListenOptions {
  /** Default 54321; 0 is any that is free. */
  port?: number;
  /** The address to listen on. Default 127.0.0.1: this machine only. */
  host?: string;
}

/** How to empty a server. */
export interface DrainOptions {
  /** How long it may take, milliseconds. Default `limits.drainTime`, 5000. */
  over?: number | undefined;
}

const rules: OptionRules = {
  authenticate: 'function',
  authorize: 'function',
  clock: 'object',
  wallClock: 'function',
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
  xmlRpc: 'any',
  dialect: 'any',
  insecure: 'boolean',
  limits: 'object',
  log: 'function',
};

/** Of the options inside `tls` those that are ours; the others are Node's. */
const tlsRules: OptionRules = { serverNames: 'array', requireAlpn: 'boolean', required: 'boolean' };

/** Throws a TypeError that names what is wrong. */
export function checkServerOptions(options: ServerOptions): void {
  checkIsObject(options, 'createServer', "{ tls: 'optional' }");
  checkOptions(options, rules, 'createServer');
  checkLimits(options.limits ?? {}, defaultServerLimits, 'createServer');
  checkDoors(options, 'createServer');
  checkTexts('proxies', options.proxies, 'createServer');
  proxyList(options.proxies ?? [], 'createServer');
  checkPage(options.page);
  checkTls(options.tls);
  checkXmlRpc(options.xmlRpc);
  checkDialect(options.dialect);
}

/** Whether the option `origins` takes it: as a browser says where a page came from, a slash behind it or not, or `*`. */
export function isOrigin(text: string): boolean {
  return text === '*' || /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+\/?$/i.test(text);
}

/**
 * Whether the option `allowedHosts` takes it: as it stands in a Host header, an IPv6 address in brackets (RFC 3986, section
 * 3.2.2).
 */
export function isHost(text: string): boolean {
  return /^(\[[\da-f:.]+\]|[^\s/?#@:]+)(:\d{1,5})?$/i.test(text);
}

/** Throws a TypeError for an origin or a host that could never match. */
export function checkDoors(
  { origins, allowedHosts }: Pick<ServerOptions, 'origins' | 'allowedHosts'>,
  of: string,
): void {
  const fail = (name: string, at: number, form: string, given: string): never => {
    throw new TypeError(`${of}: option ${name}[${at}] must be ${form}, not ${given}`);
  };
  checkTexts('origins', origins, of);
  checkTexts('allowedHosts', allowedHosts, of);
  origins?.forEach((one, at) => {
    if (!isOrigin(one)) fail('origins', at, 'an origin such as https://admin.example, or *', one);
  });
  allowedHosts?.forEach((one, at) => {
    if (!isHost(one)) fail('allowedHosts', at, 'a name such as admin.example, admin.example:8080 or [::1]', one);
  });
}

function checkTexts(name: string, texts: readonly unknown[] | undefined, of: string): void {
  const wrong = texts?.findIndex((text) => typeof text !== 'string') ?? -1;
  if (wrong !== -1) throw new TypeError(`${of}: option ${name}[${wrong}] must be a string`);
}

function checkPage(page: unknown): void {
  if (page === undefined || page instanceof URL || (typeof page === 'string' && page !== '')) return;
  throw new TypeError('createServer: option page must be the path of a directory, or its file: URL');
}

function checkTls(tls: ServerOptions['tls']): void {
  if (tls === undefined || tls === 'optional' || tls === 'required') return;
  if (typeof tls !== 'object' || tls === null)
    throw new TypeError("createServer: option tls must be 'optional', 'required' or an object with cert and key");
  checkPems(tls, 'createServer', 'tls.');
  const { serverNames, requireAlpn, required } = tls;
  checkOptions({ serverNames, requireAlpn, required }, tlsRules, 'createServer: tls');
  if (serverNames?.some((name) => typeof name !== 'string' || name === ''))
    throw new TypeError('createServer: option tls.serverNames must be names such as gate.example');
}

/** Where XML-RPC is spoken unless another path is given: what its clients ask for when their URL has none. */
const XML_RPC_PATH = '/RPC2';

/** The path of XML-RPC, if it is spoken. */
export function xmlRpcPath({ dialect, xmlRpc = dialect !== undefined }: ServerOptions): string | undefined {
  return typeof xmlRpc === 'string' ? xmlRpc : xmlRpc ? XML_RPC_PATH : undefined;
}

function checkXmlRpc(xmlRpc: ServerOptions['xmlRpc']): void {
  if (xmlRpc === undefined || typeof xmlRpc === 'boolean') return;
  // As it stands in requests: nothing of them is decoded (RFC 3986, section 3.3).
  if (typeof xmlRpc !== 'string' || !/^\/[\w.~!$&'()*+,;=:@%/-]*$/.test(xmlRpc))
    throw new TypeError('createServer: option xmlRpc must be a boolean or a path such as /RPC2');
  if (xmlRpc === '/rpc' || xmlRpc === '/healthz')
    throw new TypeError(`createServer: option xmlRpc: at ${xmlRpc} there is something else; take another path`);
}

/** Throws a TypeError or RangeError that names what is wrong. */
export function checkListenOptions(options: ListenOptions): void {
  checkIsObject(options, 'listen', `{ port: ${numberIn(options) ?? 8080} }`);
  checkOptions(options, { port: 'number', host: 'string' }, 'listen');
  const { port = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`listen: option port must be a whole number from 0 to 65535, not ${port}`);
  }
}

/** Throws a TypeError if everybody could come in from beyond this machine, and nobody has said that they may. */
export function checkReach(host: string, { authenticate, insecure }: ServerOptions): void {
  if (isLoopback(host) || authenticate !== undefined || insecure === true) return;
  const text = `listen: ${host} is beyond this machine and there is no option authenticate; set insecure to allow that`;
  throw Object.assign(new TypeError(text), { code: 'ERR_INSECURE' });
}

/** Throws a TypeError or RangeError that names what is wrong. */
export function checkDrainOptions(options: DrainOptions): void {
  checkIsObject(options, 'drain', `{ over: ${numberIn(options) ?? 5000} }`);
  checkOptions(options, { over: 'number' }, 'drain');
  if (options.over === Infinity) throw new RangeError('drain: option over must have an end');
}

/** A number in the place of options has no properties: it would be as good as no options at all. */
function checkIsObject(options: unknown, of: string, example: string): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new TypeError(`${of}: the options must be an object: ${of}(${example})`);
}

function numberIn(given: unknown): number | undefined {
  return typeof given === 'number' || /^\d+$/.test(String(given)) ? Number(given) : undefined;
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
