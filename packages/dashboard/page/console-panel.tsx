// The console: any method, any parameters, and what comes of it.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { CallHistory } from './call-history.jsx';
import { CallOutcome } from './call-outcome.jsx';
import type { Calls, FinishedCall } from './calls.js';
import type { Connection } from './connection.js';
import { asCurl, asSallyport } from './copy-as.js';
import { CopyButton } from './copy-button.jsx';
import { exampleOf, examples } from './examples.js';
import type { Login } from './login.js';
import { MethodBox } from './method-box.jsx';
import { readParams } from './params.js';

interface ConsoleProps {
  calls: Calls;
  connection: Connection;
  login: Login;
}

export function ConsolePanel({ calls, connection, login }: ConsoleProps) {
  const method = useSignal('host.getStats');
  const params = useSignal('{}');
  const methods = useMethods(connection);
  const problem = useComputed(() => readParams(params.value).problem);
  const ready = useComputed(() => problem.value === undefined && method.value.trim() !== '');
  const running = calls.running.value !== undefined;

  const load = (name: string) => {
    method.value = name;
    params.value = exampleOf(name)?.params ?? '';
  };
  /** What was typed as parameters stays, unless it was only the example of the method before. */
  const choose = (name: string) => {
    const untouched = params.value.trim() === '' || params.value === exampleOf(method.value)?.params;
    method.value = name;
    if (untouched) params.value = exampleOf(name)?.params ?? '';
  };
  const run = () => {
    if (ready.value) void calls.run(method.value.trim(), params.value);
  };
  const again = (call: FinishedCall) => {
    method.value = call.method;
    params.value = call.params;
    void calls.run(call.method, call.params);
  };
  const show = (call: FinishedCall) => {
    method.value = call.method;
    params.value = call.params;
    calls.show(call);
  };

  return (
    <section class="card console" aria-labelledby="console-title">
      <h2 id="console-title">Console</h2>
      <div class="examples" role="group" aria-label="Examples">
        {examples.map((one) => (
          <button
            key={one.method}
            type="button"
            class="chip mono"
            aria-pressed={one.method === method.value}
            onClick={() => load(one.method)}
          >
            {one.method}
          </button>
        ))}
      </div>
      <div class="console-sides">
        <form
          class="call"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            run();
          }}
        >
          <label for="method">Method</label>
          <MethodBox value={method} methods={methods} onInput={(name) => (method.value = name)} onChoose={choose} />
          <p class="hint" id="method-about">
            {exampleOf(method.value)?.about ?? 'Any method of this server'}
          </p>
          <label for="params">
            Parameters <span class="muted">JSON</span>
          </label>
          <textarea
            id="params"
            class="field mono"
            rows={5}
            spellcheck={false}
            autocapitalize="off"
            aria-invalid={problem.value !== undefined}
            aria-describedby="params-hint"
            value={params}
            onInput={(event) => (params.value = event.currentTarget.value)}
          />
          <p class="hint" id="params-hint" role="status" data-bad={problem.value !== undefined}>
            {problem.value ?? 'An object, an array, or nothing'}
          </p>
          <div class="actions">
            <button type="submit" class="button primary" disabled={running || !ready.value}>
              Run
            </button>
            <button type="button" class="button" disabled={!running} onClick={() => calls.cancel()}>
              Cancel
            </button>
          </div>
          <div class="copies" role="group" aria-label="Copy this call">
            <span class="muted">Copy as</span>
            <CopyButton
              caption="curl"
              label="Copy as curl command"
              disabled={!ready.value}
              text={() => asCurl(location, method.value, params.value, login.person.value)}
            />
            <CopyButton
              caption="sallyport call"
              label="Copy as sallyport call"
              disabled={!ready.value}
              text={() => asSallyport(connection.url, method.value, params.value, login.person.value)}
            />
          </div>
        </form>
        <CallOutcome calls={calls} connection={connection} login={login} />
      </div>
      <CallHistory calls={calls} onAgain={again} onShow={show} />
    </section>
  );
}

/** The methods to suggest: the examples at first, then what the server says it has. */
function useMethods(connection: Connection) {
  const methods = useSignal<readonly string[]>(examples.map((one) => one.method));
  useSignalEffect(() => {
    if (connection.state.value !== 'connected') return;
    connection
      .call('rpc.methods', {})
      .then((names) => {
        if (Array.isArray(names)) methods.value = names.filter((name) => typeof name === 'string').sort();
      })
      // A server without the listing still has its methods.
      .catch(() => undefined);
  });
  return methods;
}
