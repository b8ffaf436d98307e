// The form that asks who one is: a name and its passcode, or a token.

import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Credentials } from './connection.js';
import type { Login } from './login.js';
import { LoginFields, type LoginWay } from './login-fields.jsx';

export function LoginForm({ login, place }: { login: Login; place: string }) {
  const form = useRef<HTMLFormElement>(null);
  const way = useSignal<LoginWay>('passcode');
  const progress = login.progress.value;
  const isChecking = progress === 'checking';
  const isOver = useComputed(() => login.ended.value !== undefined);

  useEffect(tellBrowser, []);
  // Where there is something to type: a name that is known needs no typing, and a secret that is wrong is typed anew.
  useLayoutEffect(() => {
    if (isChecking) return;
    const fields = [...(form.current?.querySelectorAll<HTMLInputElement>('input') ?? [])];
    const wanted = progress === 'unknown' ? fields.at(-1) : (fields.find(({ value }) => value === '') ?? fields[0]);
    wanted?.focus();
    wanted?.select();
  }, [progress === 'unknown', isChecking, way.value]);

  return (
    <section class="card login" aria-labelledby="login-title">
      <h1 id="login-title">Log in</h1>
      <p class="muted">
        {isOver.value ? (
          <>
            Your login at <b>{place}</b> is over; log in again.
          </>
        ) : (
          <>
            <b>{place}</b> asks who you are.
          </>
        )}
      </p>
      <form
        ref={form}
        // Should the script fail, a passcode must not end up in an address.
        method="post"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isChecking) login.logIn(readCredentials(event.currentTarget));
        }}
      >
        <LoginFields way={way.value} login={login} />
        <Says login={login} way={way.value} />
        {/* Not disabled: it would lose the focus. */}
        <button type="submit" class="button primary" aria-disabled={isChecking}>
          Log in
        </button>
        <div class="login-ways">
          <button
            type="button"
            class="button quiet"
            onClick={() => (way.value = way.value === 'token' ? 'passcode' : 'token')}
          >
            {way.value === 'token' ? 'Use a name and passcode' : 'Use a token'}
          </button>
          {login.optional.value && (
            <button type="button" class="button quiet" onClick={() => login.skip()}>
              Go on without
            </button>
          )}
        </div>
      </form>
    </section>
  );
}

/** One line that is always there, so that nothing moves. */
function Says({ login, way }: { login: Login; way: LoginWay }) {
  const progress = login.progress.value;
  return (
    <div class="login-says">
      <p role="status" data-state="connecting">
        {progress === 'checking' && (
          <>
            <span class="dot" aria-hidden="true" /> Checking
          </>
        )}
        {progress === 'waiting' && 'The server does not answer; trying again.'}
      </p>
      <p id="login-problem" role="alert" data-bad="true">
        {progress === 'unknown' &&
          (way === 'token' ? 'The server refuses this token.' : 'The server refuses this name and passcode.')}
      </p>
    </div>
  );
}

function readCredentials(form: HTMLFormElement): Credentials {
  const data = new FormData(form);
  const read = (name: string): string => data.get(name) as string;
  // A token is pasted, with what was around it.
  return data.has('token') ? { token: read('token').trim() } : { login: read('login'), passcode: read('passcode') };
}

/** Browsers offer to keep a passcode when a form has gone and the page has another address, though it be the same. */
function tellBrowser(): () => void {
  return () => void setTimeout(() => history.replaceState(history.state, ''));
}
