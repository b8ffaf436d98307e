// The addresses of the one port that this page itself came through, one for each way in.

export interface Address {
  title: string;
  url: string;
  about: string;
}

export function webSocketUrl(location: Location): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;
}

export function addressesOf(location: Location): readonly Address[] {
  const port = location.port || (location.protocol === 'https:' ? '443' : '80');
  const place = `${location.hostname}:${port}`;
  return [
    { title: 'TCP', url: `tcp://${place}`, about: 'STOMP, or JSON-RPC in lines' },
    { title: 'TLS', url: `tls://${place}`, about: 'the same, encrypted' },
    { title: 'WebSocket', url: `ws://${place}`, about: 'STOMP, for pages' },
    { title: 'WebSocket, TLS', url: `wss://${place}`, about: 'STOMP, for pages' },
    { title: 'HTTP', url: `${location.origin}/rpc`, about: 'JSON-RPC by POST' },
  ];
}
