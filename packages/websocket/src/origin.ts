// Which pages may talk to this server. A browser says where a page came from; other clients say nothing.

/** Pages may send any HTTP body and open any WebSocket, in the name of whoever looks at them. */
export interface OriginCheck {
  /**
   * Origins allowed besides the host that the request itself names, such as `https://admin.example`; upper or lower
   * case. `'*'` allows every page. Default: none.
   */
  origins?: readonly string[];
}

/** Whether a request may pass, by its Origin and Host headers. */
export function originAllowed(origin: string | undefined, host: string | undefined, check: OriginCheck = {}): boolean {
  if (origin === undefined) return true;
  if (check.origins?.includes('*')) return true;
  // Sandboxed frames and local files; anybody can make one.
  if (origin === 'null') return false;
  const asked = origin.toLowerCase();
  // As people copy it from the address bar, with a slash behind it.
  if (check.origins?.some((allowed) => allowed.toLowerCase().replace(/\/$/, '') === asked)) return true;
  return host !== undefined && isSameHost(asked, host);
}

/** Whom a request asks: what its target names in absolute form counts before the header Host (RFC 9112, section 3.2.2). */
export function requestHost({
  url = '',
  headers,
}: {
  url?: string;
  headers: Record<string, unknown>;
}): string | undefined {
  const { host } = headers;
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? (typeof host === 'string' ? host : undefined);
}

/** As a browser writes where a page came from (RFC 6454, section 6.2): no user, no path. Others have no host of ours. */
const ORIGIN = /^https?:\/\/[^/?#@\\\s]+$/;

/** Compares host and port, the scheme's own port being left out or not. */
function isSameHost(origin: string, host: string): boolean {
  if (!ORIGIN.test(origin)) return false;
  try {
    const { protocol, host: from } = new URL(origin);
    return from === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}
