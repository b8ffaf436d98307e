// Counts what the server holds for others, inside, where no client can look: when all have left there must be none of it.

/** @param {import('@sallyport/node').Server} server */
export function census(server) {
  const { hub, sockets, acceptor, http } = server;
  const { broker, entrance } = hub;
  return {
    held: {
      sockets: sockets.size,
      sessions: server.sessions.size,
      connections: entrance.connections.size,
      'http connections': http.visits.size,
      'undecided connections': acceptor.undecided.size,
      'admitted connections': acceptor.counts.connections,
      'unauthenticated connections': acceptor.counts.unauthenticated,
      queues: broker.queues.size,
      'queued bytes': broker.queuedBytes,
      'reply addresses': broker.replyAddresses.size,
      'topic branches': broker.topics.root.children.size,
      'quotas in use': [...broker.quotas.addresses.values()].filter(({ connections }) => connections > 0).length,
      'calls of services': hub.serviceCalls.waiting.size,
    },
  };
}
