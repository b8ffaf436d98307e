// The limits of the server under load: the defaults where load is to fit in, and shorter deadlines where a minute is to
// see them pass many times.

export const limits = {
  sniffTime: 2000,
  handshakeTime: 3000,
  connectTime: 3000,
  headTime: 3000,
  requestTime: 6000,
  writeStall: 3000,
  loginPause: 200,
  deliveries: 4,
  redeliveryDelay: 50,
  longestRedeliveryDelay: 400,
  // Full within the first half minute: what is kept of events then grows no more.
  historyEvents: 2000,
};
