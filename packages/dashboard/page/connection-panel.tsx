// The connection: how it stands, what it has been through, and the button that cuts it.

import type { Connection } from './connection.js';
import type { Host } from './host.js';
import { useNow } from './now.js';
import { counted, span, tenths } from './quantities.js';
import { stateWords } from './state-words.js';

interface PanelProps {
  connection: Connection;
  host: Host;
}

export function ConnectionPanel({ connection, host }: PanelProps) {
  const state = connection.state.value;
  const missed = connection.missed.value;
  return (
    <section class="card connection" id="connection" aria-labelledby="connection-title" data-state={state}>
      <h2 id="connection-title">Connection</h2>
      <p class="reading">
        <strong>
          <span class="dot" aria-hidden="true" />
          {stateWords[state]}
        </strong>
        <span>
          <Detail connection={connection} />
        </span>
      </p>
      <dl class="counters">
        <div data-bad={missed > 0}>
          <dt>Missed events</dt>
          <dd data-testid="missed">{missed}</dd>
        </div>
        <div>
          <dt>Reconnects</dt>
          <dd data-testid="reconnects">{connection.reconnects.value}</dd>
        </div>
        <div>
          <dt>Protocol</dt>
          <dd class="words">
            STOMP 1.2 <small>over WebSocket</small>
          </dd>
        </div>
      </dl>
      <div class="cut">
        <CutButton connection={connection} />
        <p class="note" role="status">
          <Story connection={connection} host={host} />
        </p>
      </div>
    </section>
  );
}

/** One line under the state; it always has something to say, so that the line is always there. */
function Detail({ connection }: { connection: Connection }) {
  const now = useNow(connection.state.value === 'reconnecting' ? 100 : 1000);
  const { state, since, attempt, retryAt, error } = connection;
  const elapsed = now.value - since.value;
  if (state.value === 'connected') return <>for {span(elapsed)}</>;
  if (state.value === 'connecting') return <>looking for the server, {span(elapsed)}</>;
  if (state.value === 'closed') return <>{error.value?.message ?? 'for good'}</>;
  const next = retryAt.value === undefined ? 0 : retryAt.value - now.value;
  return (
    <>
      attempt {Math.max(1, attempt.value)}, {next > 0 ? `next try in ${tenths(next)}` : 'dialling'}
    </>
  );
}

function CutButton({ connection }: { connection: Connection }) {
  const state = connection.state.value;
  if (state === 'closed') {
    return (
      <button type="button" class="button" onClick={() => void connection.start()}>
        Connect again
      </button>
    );
  }
  // aria-disabled, not disabled: whoever pressed it by the keyboard keeps the focus.
  const idle = state !== 'connected';
  return (
    <button type="button" class="button" aria-disabled={idle} onClick={() => !idle && connection.cut()}>
      Cut the connection
    </button>
  );
}

/** What the last cut came to; before the first one, what to expect of it. */
function Story({ connection, host }: PanelProps) {
  const outage = connection.outages.value.at(-1);
  if (outage === undefined) return <>Drops the socket as a failing network would. Watch what becomes of the events.</>;
  if (outage.until === undefined) return <>Cut. Events go on at the server and are kept for this page.</>;
  const caught = host.caughtUp.value;
  const missed = connection.missed.value;
  return (
    <>
      Back after {tenths(outage.until - outage.from)}; {counted(caught, 'event')} of the charts came in afterwards
      {missed === 0 ? ', none is missing.' : '.'}
    </>
  );
}
