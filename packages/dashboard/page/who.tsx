// Who is logged in, and the way out; or the way in, for those who have come without and would be let do more.

import type { Connection } from './connection.js';
import type { Login } from './login.js';

export function Who({ login, connection }: { login: Login; connection: Connection }) {
  const person = login.person.value;
  if (person !== undefined)
    return (
      <div class="who">
        <span class="who-name" title={person.name === undefined ? 'Logged in by a token' : `Logged in as ${person.name}`}>
          <span class="unseen">Logged in {person.name === undefined ? 'by' : 'as'} </span>
          {person.name ?? 'token'}
        </span>
        <button type="button" class="button quiet" onClick={() => login.logOut()}>
          Log out
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

/** What a right is missing for, in words: `refusal(person, 'call add')`. */
export function refusal(login: Login, what: string): string {
  return `The server does not let ${login.person.value?.name ?? 'you'} ${what}.`;
}
