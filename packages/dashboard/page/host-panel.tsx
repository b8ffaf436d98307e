// The machine: its name and nature, and its processor and memory as they are now and were.

import { useComputed } from '@preact/signals';
import { Chart } from './chart.jsx';
import type { Connection } from './connection.js';
import type { Host, Sample } from './host.js';
import { useNow } from './now.js';
import { counted, gibibytes, percent, span } from './quantities.js';

interface HeadingProps {
  host: Host;
  connection: Connection;
  fallback: string;
}

export function HostHeading({ host, connection, fallback }: HeadingProps) {
  const stats = host.latest.value;
  return (
    <div class="host">
      <h1>{stats?.host ?? fallback}</h1>
      <ul class="facts">
        {stats === undefined ? (
          <li>{noFigures(connection, host)}</li>
        ) : (
          <>
            <li title={stats.cpu.model}>{`${stats.cpu.count} × ${stats.cpu.model}`}</li>
            <li>up {span(stats.uptime * 1000)}</li>
            <li>load {stats.load.map((one) => one.toFixed(2)).join('  ')}</li>
          </>
        )}
      </ul>
    </div>
  );
}

export function HostCharts({ host, connection }: { host: Host; connection: Connection }) {
  const stats = host.latest.value;
  const bands = useComputed(() =>
    connection.outages.list.value.map(({ from, until }) => ({
      from: host.serverTime(from),
      until: until === undefined ? undefined : host.serverTime(until),
    })),
  );
  // Time goes on without samples: the charts move along, and the stretch without a connection grows.
  const now = useNow(1000);
  const end = useComputed(() => (connection.state.value === 'connected' ? undefined : host.serverTime(now.value)));
  const chart = { samples: host.samples, bands, end, empty: noFigures(connection, host) };
  return (
    <>
      <section class="card metric" aria-labelledby="cpu-title">
        <h2 id="cpu-title">Processor</h2>
        <Reading fraction={stats?.cpu.usage}>{stats && `of ${counted(stats.cpu.count, 'core')}`}</Reading>
        <Chart {...chart} pick={pickCpu} top={scaleTop} label="Processor use" />
      </section>
      <section class="card metric" aria-labelledby="memory-title">
        <h2 id="memory-title">Memory</h2>
        <Reading fraction={stats && stats.memory.used / stats.memory.total}>
          {stats && `${gibibytes(stats.memory.used)} of ${gibibytes(stats.memory.total)} GiB`}
        </Reading>
        <Chart {...chart} pick={pickMemory} top={scaleTop} label="Memory in use" />
      </section>
    </>
  );
}

function Reading({ fraction, children }: { fraction: number | undefined; children: string | undefined }) {
  return (
    <p class="reading">
      <strong data-empty={fraction === undefined}>{fraction === undefined ? '–' : percent(fraction)}</strong>
      <span>{children}</span>
    </p>
  );
}

/** What stands where there are none. */
function noFigures(connection: Connection, host: Host): string {
  if (connection.watched.value === 'nothing') return 'No right to the figures';
  return host.absent.value ? 'This server has no figures' : 'No figures yet';
}

const pickCpu = (sample: Sample) => sample.cpu;
const pickMemory = (sample: Sample) => sample.memory;

/** A quiet machine would be a flat line at the foot of a scale to 100%. */
const scaleTop = (highest: number) => [0.2, 0.5, 1].find((top) => highest <= top * 0.92) ?? 1;
