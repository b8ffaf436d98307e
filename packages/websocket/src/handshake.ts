// What makes a request an opening handshake (RFC 6455, section 4.2.1), checked before anything else is looked at.

/** The request that asks for a WebSocket: Node's IncomingMessage, as far as it is looked at. */
export interface UpgradeRequest {
  readonly method?: string;
  readonly httpVersion?: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly url?: string;
}

/** Why a request is refused: the status line, a text, and more headers. */
export type Refusal = readonly [status: string, text: string, ...headers: string[]];

/** 16 octets in base64, of which the last character carries two bits. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** What is wrong with an opening handshake; undefined if nothing is. */
export function handshakeFault({ method, httpVersion, headers }: UpgradeRequest): Refusal | undefined {
  if (method !== undefined && method !== 'GET')
    return ['405 Method Not Allowed', 'a WebSocket is opened by GET', 'allow: GET'];
  if (httpVersion === '1.0') return ['400 Bad Request', 'a WebSocket is opened by HTTP/1.1'];
  if (headers['host'] === undefined) return ['400 Bad Request', 'the header Host is missing'];
  if (String(headers['upgrade']).toLowerCase() !== 'websocket')
    return ['400 Bad Request', 'the only protocol to upgrade to is websocket'];
  // Section 4.2.2: 426, with the versions that are known.
  if (headers['sec-websocket-version'] !== '13')
    return [
      '426 Upgrade Required',
      'the version of WebSocket is 13',
      'upgrade: websocket',
      'sec-websocket-version: 13',
    ];
  if (!KEY.test(String(headers['sec-websocket-key'])))
    return ['400 Bad Request', 'the header Sec-WebSocket-Key must be 16 octets in base64'];
  // What follows the head are frames; in a body something else could be hidden (RFC 9112, section 6.3).
  if (headers['transfer-encoding'] !== undefined || !/^(0*|undefined)$/.test(String(headers['content-length'])))
    return ['400 Bad Request', 'an opening handshake has no body'];
  return undefined;
}
