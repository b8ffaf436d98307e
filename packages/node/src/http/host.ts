// Which names this server answers to. A page of evil.example whose name is pointed at 127.0.0.1 (DNS rebinding) passes
// for the same origin, but its requests still carry its own name.

/** The names of a server that listens on loopback only. */
export const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a Host header is among the names allowed; upper or lower case, with any port unless the name has one. */
export function hostAllowed(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined) return false;
  const asked = host.toLowerCase();
  const name = asked.replace(/:\d*$/, '');
  return allowed.some((one) => one.toLowerCase() === asked || one.toLowerCase() === name);
}
