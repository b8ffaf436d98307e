// Patterns and the topics that they match: `*` exactly one token, `#` any number of them at the end, none included.

export const topicMatches: readonly { pattern: string; matches: readonly string[]; others: readonly string[] }[] = [
  { pattern: 'a', matches: ['a'], others: ['b', 'A', 'a.a', 'aa'] },
  { pattern: 'a.b', matches: ['a.b'], others: ['a', 'b', 'a.b.c', 'a.c', 'ab'] },
  { pattern: '*', matches: ['a', 'größe', '__proto__'], others: ['a.b'] },
  { pattern: 'a.*', matches: ['a.b', 'a.c'], others: ['a', 'a.b.c', 'b.b'] },
  { pattern: '*.b', matches: ['a.b', 'b.b'], others: ['b', 'a.b.b', 'a.c'] },
  { pattern: '*.*', matches: ['a.b'], others: ['a', 'a.b.c'] },
  { pattern: 'a.*.c', matches: ['a.b.c', 'a.a.c'], others: ['a.c', 'a.b.b.c', 'a.b.d'] },
  { pattern: '#', matches: ['a', 'a.b', 'a.b.c.d.e'], others: [] },
  { pattern: 'a.#', matches: ['a', 'a.b', 'a.b.c'], others: ['b', 'b.a', 'aa.b'] },
  { pattern: '*.#', matches: ['a', 'a.b', 'a.b.c'], others: [] },
  { pattern: 'a.*.#', matches: ['a.b', 'a.b.c', 'a.b.c.d'], others: ['a', 'b.b'] },
];
