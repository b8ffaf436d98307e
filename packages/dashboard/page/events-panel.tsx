// The events as they come: filter, pause, and a list in which what repeats shares a line.

import { useSignal } from '@preact/signals';
import type { Connection } from './connection.js';
import type { EventLog } from './event-log.js';
import { EventRow } from './event-row.jsx';
import { HOST_EVENT, type Host } from './host.js';
import type { Login } from './login.js';
import { useNow } from './now.js';
import { counted } from './quantities.js';
import { isForbidden } from './refusals.js';
import { refusal } from './who.jsx';

interface EventsProps {
  log: EventLog;
  host: Host;
  connection: Connection;
  login: Login;
}

export function EventsPanel({ log, host, connection, login }: EventsProps) {
  const paused = log.paused.value;
  const runs = log.runs.value;
  return (
    <section class="card events" aria-labelledby="events-title">
      <div class="events-head">
        <h2 id="events-title">Events</h2>
        <Rate log={log} />
        <button type="button" class="button quiet pause" aria-pressed={paused} onClick={() => log.setPaused(!paused)}>
          {paused ? 'Resume' : 'Pause'}
        </button>
        <button type="button" class="button quiet" disabled={runs.length === 0} onClick={() => log.clear()}>
          Clear
        </button>
      </div>
      <Filters log={log} />
      {/* A place that scrolls must be reachable by the keyboard. */}
      <div class="events-list" tabIndex={0} role="region" aria-label="Events, newest first">
        {paused && <p class="waiting">Paused · {counted(log.waiting.value, 'new event')}</p>}
        {runs.length === 0 ? (
          <Empty log={log} host={host} connection={connection} login={login} />
        ) : (
          <ol>
            {runs.map((run) => (
              <EventRow key={run.id} run={run} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function Rate({ log }: { log: EventLog }) {
  const now = useNow(1000);
  const rate = log.rate(now.value);
  return <p class="rate">{rate === undefined ? '–' : rate.toFixed(rate < 100 ? 1 : 0)} a second</p>;
}

function Filters({ log }: { log: EventLog }) {
  const problem = log.patternProblem.value;
  return (
    <div class="filters">
      <label class="unseen" for="pattern">
        Show names matching
      </label>
      <input
        id="pattern"
        class="field mono"
        type="text"
        placeholder="Filter: demo.* or demo.#"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby="pattern-hint"
        value={log.pattern}
        onInput={(event) => (log.pattern.value = event.currentTarget.value.trim())}
      />
      <button
        type="button"
        class="chip mono"
        aria-pressed={log.showHost.value}
        title={log.showHost.value ? 'In the list; press to leave it out' : 'In the charts only; press to list it too'}
        onClick={() => (log.showHost.value = !log.showHost.value)}
      >
        {HOST_EVENT} <span class="count">×{log.hostCount.value}</span>
      </button>
      <p class="hint" id="pattern-hint" role="status" data-bad={problem !== undefined}>
        {problem ?? '* is one part, # any rest'}
      </p>
    </div>
  );
}

function Empty({ log, host, connection, login }: EventsProps) {
  const refused = useSignal(false);
  const { watched, state } = connection;
  if (log.paused.value) return <p class="empty">Nothing that matches had come by then.</p>;
  if (!log.empty.value) return <p class="empty">No event kept here matches.</p>;
  if (watched.value === 'nothing') return <p class="empty">{refusal(login, 'watch events')}</p>;
  if (watched.value === 'host')
    return <p class="empty">{refusal(login, `watch other events than ${HOST_EVENT}, which goes to the charts`)}</p>;
  if (host.absent.value) return <p class="empty">Quiet so far. Whatever is emitted shows up here.</p>;
  const emit = () =>
    connection
      .call('emit', { name: 'demo.hello', data: { text: 'The gate is open' }, count: 1 })
      // Without the connection there is nothing to see, and its panel says so.
      .catch((thrown: unknown) => (refused.value = isForbidden(thrown)));
  return (
    <div class="empty">
      <p>
        Quiet so far. {HOST_EVENT} comes each second and goes to the charts; whatever else is emitted shows up here.
      </p>
      <button type="button" class="button" disabled={state.value !== 'connected'} onClick={() => void emit()}>
        Emit demo.hello
      </button>
      <p role="status" data-bad="true">
        {refused.value && refusal(login, 'call emit')}
      </p>
    </div>
  );
}
