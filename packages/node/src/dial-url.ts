// A URL becomes a byte stream: which carrier, which port, which TLS.

import {
  type ByteStream,
  type Clock,
  defaultLimits,
  type Limits,
  type OptionRules,
  receivedLimits,
  systemClock,
  toError,
} from '@sallyport/core';
import { type EmitterWebSocket, emitterStream, stompProtocols } from '@sallyport/websocket/upgrade';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { dialTcp, dialTls } from './dial.js';
import { dialError, lateError } from './dial-error.js';

/** What a page cannot choose and a Node program can. */
export interface NodeDialOptions {
  /** Whom to trust, PEM; default: the authorities that Node knows. */
  ca?: string | Buffer | undefined;
  /** Our own certificate and its key, PEM, for servers that ask for one. */
  cert?: string | Buffer | undefined;
  /** The key of `cert`, PEM. */
  key?: string | Buffer | undefined;
  /** Accept any certificate, as for the one that a demo makes up. Default false. */
  insecure?: boolean | undefined;
  /** The name the server's certificate must have; default: the URL's host. */
  servername?: string | undefined;
  /** How long dialling may take, milliseconds. Default 10 000. */
  dialTime?: number | undefined;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock | undefined;
  /** The bounds of this side; see `defaultLimits`. */
  limits?: Partial<Limits> | undefined;
}

export const dialOptionRules: OptionRules = {
  ca: 'any',
  cert: 'any',
  key: 'any',
  insecure: 'boolean',
  servername: 'string',
  dialTime: 'number',
};

/** The schemes of {@link dial}. */
export const schemes: readonly string[] = ['tcp:', 'tls:', 'ws:', 'wss:'];

/** The port that Sallyport, like vdsm, listens on unless told otherwise. */
export const defaultPort = 54321;

/** Where a URL leads: the name, without the brackets of an IPv6 address, and the port. */
export function placeOf({ hostname, port }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) };
}

/** Makes a connection to a URL. Rejects with ConnectionError. */
export function dial(url: URL, options: NodeDialOptions): Promise<ByteStream> {
  const { ca, cert, key, servername, clock, limits } = options;
  const common = { ...placeOf(url), timeout: options.dialTime, clock, limits };
  const tls = { ca, cert, key, servername, rejectUnauthorized: options.insecure !== true };
  if (url.protocol === 'tcp:') return dialTcp(common);
  if (url.protocol === 'tls:') return dialTls({ ...common, ...present(tls) });
  return dialWebSocket(url, options, present(tls));
}

function dialWebSocket(url: URL, options: NodeDialOptions, tls: object): Promise<ByteStream> {
  const { dialTime = 10_000, clock = systemClock, limits } = options;
  const { body, frameHead } = receivedLimits({ ...defaultLimits, ...limits });
  const socket = new WebSocket(url, [...stompProtocols], {
    ...tls,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: body + frameHead,
  });
  return new Promise((resolve, reject) => {
    let octets: Socket | undefined;
    socket.once('upgrade', (response) => (octets = response.socket));
    // The time that `ws` knows of begins anew with each octet.
    const alarm = clock.after(dialTime, () => {
      socket.off('error', fail).on('error', () => {});
      socket.terminate();
      reject(lateError(url.host, dialTime));
    });
    socket.once('open', () => {
      alarm.cancel();
      socket.off('error', fail);
      resolve(emitterStream(socket as EmitterWebSocket, { clock, limits, schedule: process.nextTick, octets }));
    });
    const fail = (thrown: unknown): void => {
      alarm.cancel();
      const cause = toError(thrown);
      const scheme = url.protocol === 'ws:' ? 'ws' : 'wss';
      const dialled = { where: `${scheme}://${url.host}`, scheme, hasCert: options.cert !== undefined } as const;
      reject(dialError(cause, dialled));
    };
    socket.once('error', fail);
  });
}

function present<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
