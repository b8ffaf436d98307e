// Puts the page together: one connection, who it is for, what is made of its events, and the panels that show it.

import 'uplot/dist/uPlot.min.css';
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { addressesOf, webSocketUrl } from './addresses.js';
import { type Calls, createCalls } from './calls.js';
import { createConnection } from './connection.js';
import { Dashboard } from './dashboard.jsx';
import { createEventLog, type EventLog } from './event-log.js';
import { Header } from './header.jsx';
import { createHost, type Host } from './host.js';
import { createLogin } from './login.js';
import { LoginForm } from './login-form.jsx';

/** What there is to see; somebody else sees another one. */
interface View {
  host: Host;
  log: EventLog;
  calls: Calls;
}

/**
 * A server that wants a login takes a second to say so. Until it has, or has not answered for so long, milliseconds,
 * nothing is shown that would be taken away again.
 */
const PATIENCE = 2000;

const connection = createConnection(webSocketUrl(location), (item) => {
  const { host, log } = view.peek();
  host.take(item, connection.outages.list.value);
  log.take(item);
});
const createView = (): View => ({ host: createHost(), log: createEventLog(), calls: createCalls(connection) });
const view = signal(createView());
const login = createLogin(connection, () => (view.value = createView()));
const patient = signal(true);

function Page() {
  return (
    <>
      <Header connection={connection} login={login} />
      <Main />
    </>
  );
}

function Main() {
  if (login.asked.value)
    return (
      <main class="door">
        <LoginForm login={login} place={location.host} />
      </main>
    );
  if (patient.value) return <main />;
  return <Dashboard {...view.value} connection={connection} login={login} addresses={addressesOf(location)} />;
}

const place = document.getElementById('app');
if (place !== null) render(<Page />, place);
effect(() => {
  if (connection.state.value === 'connected') void view.peek().host.ask(connection);
});
effect(() => {
  if (connection.state.value === 'connected' || connection.retryAt.value !== undefined) patient.value = false;
});
setTimeout(() => (patient.value = false), PATIENCE);
void connection.start();
