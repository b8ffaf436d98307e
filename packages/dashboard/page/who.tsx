// Who is logged in, and the way out; or the way in, for those who have come without and would be let do more.

import type { Connection } from './connection.js';
import { Icon } from './icon.jsx';
import type { Login } from './login.js';

export function Who({ login, connection }: { login: Login; connection: Connection }) {
  const person = login.person.value;
  if (person !== undefined)
    return (
      <div class="who">
        <span
          class="who-name"
          title={person.name === undefined ? 'Logged in by a token' : `Logged in as ${person.name}`}
        >
          <span class="unseen">Logged in {person.name === undefined ? 'by' : 'as'} </span>
          {person.name ?? 'token'}
        </span>
        <button type="button" class="button quiet" title="Log out" onClick={() => login.logOut()}>
          <span class="who-word">Log out</span>
          <Exit />
        </button>
      </div>
    );
  if (!connection.limited.value) return null;
  return (
    <div class="who">
      <button type="button" class="button quiet" onClick={() => login.ask()}>
        Log in
      </button>
    </div>
  );
}

/** A door and the way out of it, where there is no room for words. */
function Exit() {
  return (
    <Icon>
      <path d="M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3" />
    </Icon>
  );
}

/** What a right is missing for, in words: `refusal(person, 'call add')`. */
export function refusal(login: Login, what: string): string {
  return `The server does not let ${login.person.value?.name ?? 'you'} ${what}.`;
}
