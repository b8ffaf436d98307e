// Puts the page together: one connection, what is made of its events, and the panels that show it.

import 'uplot/dist/uPlot.min.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { addressesOf, webSocketUrl } from './addresses.js';
import { AddressList } from './address-list.jsx';
import { createCalls } from './calls.js';
import { ConnectionPanel } from './connection-panel.jsx';
import { type Connection, createConnection } from './connection.js';
import { ConsolePanel } from './console-panel.jsx';
import { createEventLog } from './event-log.js';
import { EventsPanel } from './events-panel.jsx';
import { Header } from './header.jsx';
import { HostCharts, HostHeading } from './host-panel.jsx';
import { createHost } from './host.js';

const host = createHost();
const log = createEventLog();
const connection: Connection = createConnection(webSocketUrl(location), (item) => {
  host.take(item, connection.outages.value);
  log.take(item);
});
const calls = createCalls(connection);

function Page() {
  return (
    <>
      <Header connection={connection} />
      <main>
        <HostHeading host={host} fallback={location.hostname} />
        <div class="overview">
          <HostCharts host={host} connection={connection} />
          <ConnectionPanel connection={connection} host={host} />
        </div>
        <div class="work">
          <ConsolePanel calls={calls} connection={connection} />
          <EventsPanel log={log} connection={connection} />
        </div>
        <AddressList addresses={addressesOf(location)} own={connection.url} />
      </main>
    </>
  );
}

const place = document.getElementById('app');
if (place !== null) render(<Page />, place);
effect(() => {
  if (connection.state.value === 'connected') void host.ask(connection);
});
void connection.start();
