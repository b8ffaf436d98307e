// The bar at the top, which stays: whose page this is, who looks at it, and whether the connection stands.

import { useSignalEffect } from '@preact/signals';
import type { Connection } from './connection.js';
import type { Login } from './login.js';
import { stateWords } from './state-words.js';
import { Who } from './who.jsx';

export function Header({ connection, login }: { connection: Connection; login: Login }) {
  const state = connection.state.value;
  useSignalEffect(() => {
    const { value } = connection.state;
    if (login.asked.value) document.title = 'Log in · Sallyport';
    else document.title = value === 'connected' ? 'Sallyport' : `${stateWords[value]} · Sallyport`;
  });
  return (
    <header class="bar">
      <a class="brand" href="#" aria-label="Sallyport, to the top">
        <Gate />
        <span>Sallyport</span>
      </a>
      <p class="tagline">JSON-RPC and events over STOMP, both ways, through one port</p>
      {/* Who is asked to log in is told by the form how things stand. */}
      {!login.asked.value && (
        <>
          <a class="bar-state" href="#connection" data-state={state}>
            <span class="dot" aria-hidden="true" />
            <span role="status">{stateWords[state]}</span>
          </a>
          {/* At the end, where no change of the state moves it. */}
          <Who login={login} connection={connection} />
        </>
      )}
    </header>
  );
}

/** The mark: a gate in a wall, seen from outside. */
function Gate() {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <path fill="currentColor" fill-rule="evenodd" d="M2 3h4v3h4V3h4v3h4V3h4v18h-5v-5a5 5 0 0 0-10 0v5H2Z" />
      <circle fill="currentColor" cx="12" cy="16.5" r="1.75" />
    </svg>
  );
}
