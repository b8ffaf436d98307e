// The console's last calls, to look at or to run again.

import type { Calls, FinishedCall, Outcome } from './calls.js';
import { Icon } from './icon.jsx';
import { took } from './quantities.js';

interface HistoryProps {
  calls: Calls;
  onShow: (call: FinishedCall) => void;
  onAgain: (call: FinishedCall) => void;
}

export function CallHistory({ calls, onShow, onAgain }: HistoryProps) {
  const finished = calls.finished.value;
  const shown = calls.shown.value;
  return (
    <div class="history">
      <h3 id="history-title">Last calls</h3>
      {finished.length === 0 ? (
        <p class="empty">The last ten are kept here, to run again.</p>
      ) : (
        <ol aria-labelledby="history-title">
          {finished.map((call) => (
            <li key={call.id} data-kind={call.outcome.kind}>
              <button type="button" class="row" aria-current={call === shown} onClick={() => onShow(call)}>
                <span class="dot" aria-hidden="true" />
                <span class="history-call mono">
                  {call.method} <span class="muted">{call.params.replace(/\s+/g, ' ')}</span>
                </span>
                <span class="history-outcome">{inShort(call.outcome)}</span>
                <span class="took">{took(call.duration)}</span>
              </button>
              <button
                type="button"
                class="button quiet icon"
                aria-label={`Run ${call.method} again`}
                title="Run again"
                disabled={calls.running.value !== undefined}
                onClick={() => onAgain(call)}
              >
                <Turn />
              </button>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function inShort(outcome: Outcome): string {
  if (outcome.kind === 'cancelled') return 'cancelled';
  if (outcome.kind === 'result') return 'ok';
  return `error ${outcome.failure.code ?? ''}`.trim();
}

function Turn() {
  return (
    <Icon>
      <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3" />
    </Icon>
  );
}
