// Our own client as the load uses it: over any carrier, straight or through the proxy that cuts.

import { connect } from '@sallyport/node';

const STEADY = 'a connection that nobody breaks stays up';
const BACK = 'a client whose connection is broken comes back';
/** From the loss of a connection to the next one, milliseconds: some attempts are broken as well. */
const PATIENCE = 60_000;

/**
 * Connects and keeps count. A client that goes straight to the server must never lose its connection unless `cut` or
 * `close` was called here; through the proxy it must come back each time.
 *
 * @param {import('./setting.mjs').Setting} setting
 * @param {string} scheme
 * @param {'straight' | 'cut'} way
 */
export async function openClient(setting, scheme, way, options = {}) {
  const { certificate: ca, token, counts, findings } = setting;
  const jitter = setting.random.for('jitter');
  const client = await connect(setting.url(scheme, way), {
    ca,
    auth: { token },
    retryFirst: way === 'cut',
    firstDelay: 50,
    longestDelay: 500,
    random: () => jitter.next(),
    // Through the proxy also silence has to be noticed.
    ...(way === 'cut' && {
      heartBeat: { outgoing: 1000, incoming: 1000 },
      dialTime: 4000,
      limits: { connectTime: 4000 },
    }),
    onError: (error, method) => findings.fail('no method of a client fails', `${method}: ${error.stack}`),
    ...options,
  });
  counts.add('connections', `client over ${scheme}`);
  watch(client, setting, `${scheme}, ${way}`);
  return client;
}

/** Breaks a client's connection, as a network would; it will come back. */
export function cut(client, { counts }) {
  if (client.state !== 'connected') return;
  expected.add(client);
  counts.cut('by our client');
  client.cut();
}

/** Clients whose connection is being broken by their own side. */
const expected = new WeakSet();

function watch(client, { findings, counts }, name) {
  const isSteady = !name.endsWith('cut');
  let lost;
  let isCounted = client.state === 'connected';
  if (isCounted) counts.connections++;
  client.stomp.onState((state, error) => {
    const isConnected = state === 'up';
    if (isConnected !== isCounted) counts.connections += isConnected ? 1 : -1;
    isCounted = isConnected;
    if (isConnected && lost !== undefined) {
      const took = performance.now() - lost;
      lost = undefined;
      findings.check(BACK, took < PATIENCE, `${name}: after ${Math.round(took)} ms`);
      if (isSteady) findings.hold(STEADY);
    } else if (state === 'down' && lost === undefined) {
      lost = performance.now();
      if (isSteady && !expected.delete(client))
        findings.fail(STEADY, `${name}: ${error?.code} ${error?.message} ${error?.cause ?? ''}`);
    } else if (state === 'closed' && isSteady) {
      findings.check(STEADY, error === undefined, () => `${name} gave up: ${error.code} ${error.message}`);
    }
  });
}

/** Resolves when a client is connected, or closed. */
export async function connected(client) {
  while (client.state !== 'connected' && client.state !== 'closed') {
    await new Promise((resolve) => {
      const stop = client.onState(() => {
        stop();
        resolve();
      });
    });
  }
}

/** Whether a failure is what a broken connection explains. */
export function isLoss(error) {
  return ['ERR_CONNECTION_LOST', 'ERR_NOT_CONNECTED', 'ERR_CLOSED'].includes(error?.code);
}
