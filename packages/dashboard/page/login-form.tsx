// The form that asks who one is: a name and its passcode, or a token.

import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Credentials } from './connection.js';
import type { Login } from './login.js';
import { LoginFields, type LoginWay } from './login-fields.jsx';

export function LoginForm({ login, place }: { login: Login; place: string }) {
  const form = useRef<HTMLFormElement>(null);
  const way = useSignal<LoginWay>('passcode');
  const tried = useSignal<LoginWay | undefined>(undefined);
  const progress = login.progress.value;
  const isWrong = progress === 'unknown' && tried.value === way.value;

  useEffect(tellBrowser, []);
  useLayoutEffect(() => {
    if (form.current !== null && (progress === 'idle' || progress === 'unknown')) focusField(form.current, isWrong);
  }, [progress, isWrong, way.value]);

  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    if (progress === 'checking') return;
    tried.value = way.value;
    login.logIn(readCredentials(event.currentTarget));
  };
  return (
    <section class="card login" aria-labelledby="login-title">
      <h1 id="login-title">Log in</h1>
      <p class="muted">{lead(login, place)}</p>
      {/* Should the script fail, a passcode must not end up in an address: no GET. */}
      <form ref={form} method="post" onSubmit={submit}>
        <LoginFields way={way.value} login={login} isWrong={isWrong} />
        <Says login={login} wrong={isWrong ? way.value : undefined} />
        {/* Not disabled: it would lose the focus. */}
        <button type="submit" class="button primary" aria-disabled={progress === 'checking'}>
          Log in
        </button>
        <Ways login={login} way={way.value} onWay={(other) => (way.value = other)} />
      </form>
    </section>
  );
}

function lead(login: Login, place: string): string {
  if (login.ended.value !== undefined) return `Your login at ${place} is over; it asks again who you are.`;
  return login.optional.value ? `With a login ${place} may let you do more.` : `${place} asks who you are.`;
}

/** One line that is always there, so that nothing moves. */
function Says({ login, wrong }: { login: Login; wrong: LoginWay | undefined }) {
  const progress = login.progress.value;
  return (
    <div class="login-says">
      <p role="status" data-kind="running">
        {progress === 'checking' && (
          <>
            <span class="dot" aria-hidden="true" /> Checking
          </>
        )}
        {progress === 'waiting' && 'The server does not answer; trying again.'}
      </p>
      <p id="login-problem" role="alert" data-bad="true">
        {wrong === 'passcode' && 'The server refuses this name and passcode.'}
        {wrong === 'token' && 'The server refuses this token.'}
      </p>
    </div>
  );
}

function Ways({ login, way, onWay }: { login: Login; way: LoginWay; onWay: (way: LoginWay) => void }) {
  return (
    <div class="login-ways">
      <button type="button" class="button quiet" onClick={() => onWay(way === 'token' ? 'passcode' : 'token')}>
        {way === 'token' ? 'Use a name and passcode' : 'Use a token'}
      </button>
      {login.optional.value && (
        <button type="button" class="button quiet" onClick={() => login.skip()}>
          Go on without
        </button>
      )}
    </div>
  );
}

/** To where there is something to type: a name that is known needs no typing, and a secret that is wrong is typed anew. */
function focusField(form: HTMLFormElement, isWrong: boolean): void {
  const fields = [...form.querySelectorAll('input')];
  const wanted = isWrong ? fields.at(-1) : (fields.find(({ value }) => value === '') ?? fields[0]);
  wanted?.focus();
  wanted?.select();
}

function readCredentials(form: HTMLFormElement): Credentials {
  const data = new FormData(form);
  const read = (name: string): string => data.get(name) as string;
  // A token is pasted, with what was around it.
  return data.has('token') ? { token: read('token').trim() } : { login: read('login'), passcode: read('passcode') };
}

/** Browsers offer to keep a passcode when its form has gone and the page has another address, though it be the same. */
function tellBrowser(): () => void {
  return () => void setTimeout(() => history.replaceState(history.state, ''));
}
