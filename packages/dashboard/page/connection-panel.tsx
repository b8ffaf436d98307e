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
  const { missed, missedMore, reconnects } = connection.outages;
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
        <div data-bad={missed.value > 0} data-good={missed.value === 0 && reconnects.value > 0}>
          <dt>Missed events</dt>
          <dd data-testid="missed">
            {missed.value}
            {missedMore.value && '+'}
          </dd>
        </div>
        <div>
          <dt>Reconnects</dt>
          <dd data-testid="reconnects">{reconnects.value}</dd>
        </div>
        <div class="protocol">
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
  const now = useNow(connection.retryAt.value === undefined ? 1000 : 100);
  const { state, since, attempt, retryAt, error } = connection;
  if (state.value === 'connected') return <>for {span(now.value - since.value)}</>;
  if (state.value === 'closed') return <>{error.value?.message ?? 'for good'}</>;
  const next = retryAt.value === undefined ? 0 : retryAt.value - now.value;
  return (
    <>
      attempt {attempt.value} {next > 0 ? `in ${tenths(next)}` : 'under way'}
    </>
  );
}

/** One button, at one place, for what there is to do in each state; so whoever pressed it keeps the focus. */
function CutButton({ connection }: { connection: Connection }) {
  const state = connection.state.value;
  if (state === 'connected') return <Action caption="Cut the connection" run={connection.cut} />;
  if (state === 'closed') return <Action caption="Connect again" run={() => void connection.restart()} />;
  return <Action caption="Try now" run={connection.retryNow} />;
}

function Action({ caption, run }: { caption: string; run: () => void }) {
  return (
    <button type="button" class="button" onClick={run}>
      {caption}
    </button>
  );
}

/** What the last cut came to; before the first one, what to expect of it; without a connection, why. */
function Story({ connection, host }: PanelProps) {
  const { state, attempt, error, outages, watched } = connection;
  if (state.value === 'closed') return <>The page does not dial again by itself.</>;
  if (attempt.value > 1) return <>{error.value?.message ?? 'The server does not answer.'}</>;
  if (state.value === 'connecting') return <>Goes on trying until the server answers.</>;
  const outage = outages.list.value.at(-1);
  const isWatching = watched.value !== 'nothing';
  if (outage === undefined)
    return <>Drops the socket as a failing network would{isWatching && '; watch the events come in all the same'}.</>;
  if (outage.until === undefined) return <>The server goes on{isWatching && ', and keeps the events for this page'}.</>;
  const back = `Back after ${tenths(outage.until - outage.from)}`;
  if (!isWatching) return <>{back}.</>;
  if (outage.gap) return <>{back}, but events of that time are gone: the server no longer had them.</>;
  return (
    <>
      {back}. The shaded part came late: {counted(host.caughtUp(outage), 'event')}, none missing.
    </>
  );
}
