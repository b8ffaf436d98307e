// The queues of the load.

export const work = ['/queue/soak.work.a', '/queue/soak.work.b', '/queue/soak.work.c'];
export const pair = { left: '/queue/soak.pair.left', right: '/queue/soak.pair.right' };
export const moves = { from: '/queue/soak.moves.from', to: '/queue/soak.moves.to' };
export const raw = ['/queue/soak.raw.a', '/queue/soak.raw.b'];

/** Where messages of a queue go that were refused too often. */
export const deadLettersOf = (queue) => queue.replace('/queue/', '/queue/dead-letter.');

const all = [...work, ...Object.values(pair), ...Object.values(moves), ...raw];

/** All of them, with their dead letters. */
export const everyQueue = [...all, ...all.map(deadLettersOf)];
