// What the console's call came to: a result, an error in its parts, or nothing because it was cancelled.

import type { Calls, Failure, FinishedCall } from './calls.js';
import type { Connection } from './connection.js';
import { Json } from './json.jsx';
import type { Login } from './login.js';
import { useNow } from './now.js';
import { tenths, took } from './quantities.js';
import { isForbidden } from './refusals.js';
import { refusal } from './who.jsx';

interface OutcomeProps {
  calls: Calls;
  connection: Connection;
  login: Login;
}

export function CallOutcome({ calls, connection, login }: OutcomeProps) {
  const running = calls.running.value;
  const connected = connection.state.value === 'connected';
  const shown = calls.shown.value;
  return (
    <div class="outcome" role="region" aria-label="Outcome of the call">
      <p class="outcome-head" role="status" data-kind={running ? 'running' : shown?.outcome.kind}>
        {running !== undefined ? (
          <>
            <span class="dot" aria-hidden="true" /> {connected ? 'Running' : 'Waiting'} <code>{running.method}</code>
          </>
        ) : shown !== undefined ? (
          <Head call={shown} />
        ) : (
          'Result'
        )}
        {running !== undefined && <Elapsed began={running.began} />}
      </p>
      {/* A place that scrolls must be reachable by the keyboard. */}
      <div class="outcome-body" tabIndex={0} role="group" aria-label="Answer">
        {running !== undefined ? (
          // Not the answer before: it would pass for this call's.
          <p class="empty pending">
            {connected ? 'Waiting for the answer.' : 'There is no connection: the call waits for it.'}
          </p>
        ) : shown !== undefined ? (
          <Body call={shown} login={login} />
        ) : (
          <p class="empty">Run a call: its answer shows here.</p>
        )}
      </div>
    </div>
  );
}

function Head({ call }: { call: FinishedCall }) {
  const { outcome } = call;
  const word = outcome.kind === 'result' ? 'Result' : outcome.kind === 'cancelled' ? 'Cancelled' : 'Error';
  return (
    <>
      <span class="dot" aria-hidden="true" /> {word}
      {outcome.kind === 'error' && outcome.failure.code !== undefined && <code>{outcome.failure.code}</code>}
      <span class="took">{took(call.duration)}</span>
    </>
  );
}

/** Not part of what is read aloud: it changes all the time. */
function Elapsed({ began }: { began: number }) {
  const now = useNow(100);
  return (
    <span class="took" aria-hidden="true">
      {tenths(now.value - began)}
    </span>
  );
}

function Body({ call, login }: { call: FinishedCall; login: Login }) {
  const { outcome, method } = call;
  if (outcome.kind === 'cancelled') return <p class="empty">The call was cancelled; the server was told to stop.</p>;
  if (outcome.kind === 'error')
    return (
      <>
        {isForbidden(outcome.failure) && <p class="trouble-why">{refusal(login, `call ${method}`)}</p>}
        <Trouble failure={outcome.failure} />
      </>
    );
  return (
    <pre>
      <Json value={outcome.value} />
    </pre>
  );
}

function Trouble({ failure }: { failure: Failure }) {
  return (
    <dl class="trouble">
      <dt>Message</dt>
      <dd>{failure.message}</dd>
      {failure.code !== undefined && (
        <>
          <dt>Code</dt>
          <dd class="mono">{failure.code}</dd>
        </>
      )}
      {failure.sent !== undefined && (
        <>
          <dt>Sent</dt>
          <dd>{failure.sent}</dd>
        </>
      )}
      {failure.data !== undefined && (
        <>
          <dt>Data</dt>
          <dd>
            <pre>
              <Json value={failure.data} />
            </pre>
          </dd>
        </>
      )}
    </dl>
  );
}
