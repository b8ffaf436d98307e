// The panels, for somebody who has been let in.

import { AddressList } from './address-list.jsx';
import type { Address } from './addresses.js';
import type { Calls } from './calls.js';
import type { Connection } from './connection.js';
import { ConnectionPanel } from './connection-panel.jsx';
import { ConsolePanel } from './console-panel.jsx';
import type { EventLog } from './event-log.js';
import { EventsPanel } from './events-panel.jsx';
import { HostCharts, HostHeading } from './host-panel.jsx';
import type { Host } from './host.js';
import type { Login } from './login.js';

interface DashboardProps {
  host: Host;
  log: EventLog;
  calls: Calls;
  connection: Connection;
  login: Login;
  addresses: readonly Address[];
}

export function Dashboard({ host, log, calls, connection, login, addresses }: DashboardProps) {
  return (
    <main>
      <HostHeading host={host} connection={connection} fallback={location.hostname} />
      <div class="overview">
        <HostCharts host={host} connection={connection} />
        <ConnectionPanel connection={connection} host={host} />
      </div>
      <div class="work">
        <ConsolePanel calls={calls} connection={connection} login={login} />
        <EventsPanel log={log} host={host} connection={connection} login={login} />
      </div>
      <AddressList addresses={addresses} own={connection.url} />
    </main>
  );
}
