// The URL that somebody wants to connect to: what is wrong with it is said before anything is tried, and nothing in it is
// passed over in silence.

/** Reads a URL; throws a TypeError that says what is wrong with it. Its scheme is looked at by who dials. */
export function readAddress(given: string | URL): URL {
  if (typeof given === 'string' && !URL.canParse(given)) throw new TypeError(`connect: ${unreadable(given)}`);
  const url = new URL(given);
  // A page's URL may have a path and, where it is Node that connects, a login, which goes as HTTP has it.
  if (/^wss?:$/.test(url.protocol)) return url;
  // `localhost:8120` is a URL, too: of the scheme localhost.
  if (url.host === '' && /^\d+$/.test(url.pathname)) throw new TypeError(`connect: ${schemeless(url.href)}`);
  const { protocol, hostname, pathname, search, hash, port } = url;
  if (!/^(tcp|tls|ovirt|ovirt\+tls):$/.test(protocol)) return url;
  if (url.username !== '' || url.password !== '')
    throw new TypeError('connect: a login in the URL is not read: say it by the option `auth`');
  const example = `${protocol}//localhost:54321`;
  if (hostname === '') throw new TypeError(`connect: the URL names no host: it is written ${example}`);
  if (port === '0') throw new TypeError('connect: the port of the URL must be from 1 to 65535, not 0');
  if ((pathname !== '' && pathname !== '/') || search !== '' || hash !== '')
    throw new TypeError(
      `connect: the URL must end with host and port, without ${pathname.slice(1) + search + hash || '/'}`,
    );
  return url;
}

function unreadable(text: string): string {
  const port = /:(\d+)\/?$/.exec(text)?.[1];
  if (Number(port) > 65_535) return `the port of the URL must be from 1 to 65535, not ${port}`;
  return text.includes('://') ? 'the URL cannot be read' : schemeless(text);
}

function schemeless(text: string): string {
  return `the URL must begin with tcp://, tls://, ws:// or wss://, as in tcp://${text}`;
}
