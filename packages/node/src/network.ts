// Whose address it is: what is counted by address is counted by customer, or one with a network of his own would be many.

/** What one customer of a network has: an IPv4 address, or the first half of an IPv6 one (RFC 6177). */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::', 2);
  const [before, behind] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = tail === undefined ? 0 : 8 - before!.length - behind!.length;
  return [...before!, ...Array<string>(zeros).fill('0'), ...behind!].slice(0, 4).join(':');
}
