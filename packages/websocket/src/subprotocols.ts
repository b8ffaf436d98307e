// The names of STOMP over WebSocket.

/** The best first. */
export const stompProtocols = ['v12.stomp', 'v11.stomp', 'v10.stomp'] as const;
export type StompProtocol = (typeof stompProtocols)[number];
