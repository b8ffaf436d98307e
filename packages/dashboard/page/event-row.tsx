// One line of the event list: an event, several of one name in a row, or a gap. Opens to show all of it.

import { useSignal } from '@preact/signals';
import type { LoggedEvent, Run } from './event-log.js';
import { Json } from './json.jsx';
import { timeOfDay } from './quantities.js';

/** Characters of the data in a closed line; the style cuts it to what fits. */
const PREVIEW = 160;
/** Of a run, the newest so many are shown in full. */
const SHOWN = 50;

export function EventRow({ run }: { run: Run }) {
  const { newest, events } = run;
  const open = useSignal(false);
  if (newest.gap !== undefined) return <GapRow event={newest} missed={newest.gap.missed} />;
  return (
    <li>
      <details class="event" onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>
          <time>{timeOfDay(newest.at)}</time>
          <span class="event-name" title={newest.name}>
            <span>{newest.name}</span>
            {events.length > 1 && <span class="badge">×{events.length}</span>}
          </span>
          <span class="event-preview">{(JSON.stringify(newest.data) ?? '').slice(0, PREVIEW)}</span>
        </summary>
        {open.value && events.slice(0, SHOWN).map((event) => <Full key={event.id} event={event} />)}
        {events.length > SHOWN && <p class="muted">and {events.length - SHOWN} before</p>}
      </details>
    </li>
  );
}

function Full({ event }: { event: LoggedEvent }) {
  return (
    <div class="event-full">
      <p>
        <time>{timeOfDay(event.at)}</time>
        {event.cursor !== undefined && <span class="muted">cursor {event.cursor}</span>}
      </p>
      <pre>
        <Json value={event.data} />
      </pre>
    </div>
  );
}

function GapRow({ event, missed }: { event: LoggedEvent; missed: number | undefined }) {
  return (
    <li class="gap">
      <time>{timeOfDay(event.at)}</time>
      <span>
        <strong>Gap</strong> {missed === undefined ? 'Events are missing here.' : `${missed} events are missing here.`}
      </span>
    </li>
  );
}
