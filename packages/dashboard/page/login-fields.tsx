// What one says of oneself, as fields that a browser's password manager knows how to fill in.

import type { Login } from './login.js';

export type LoginWay = 'passcode' | 'token';

interface FieldsProps {
  way: LoginWay;
  login: Login;
  isWrong: boolean;
}

export function LoginFields({ way, login, isWrong }: FieldsProps) {
  const common = {
    class: 'field',
    required: true,
    autocapitalize: 'none',
    spellcheck: false,
    readOnly: login.progress.value === 'checking',
    'aria-invalid': isWrong,
    'aria-describedby': 'login-problem',
  } as const;
  if (way === 'token')
    return (
      <p key="token">
        <label for="login-token">Token</label>
        <input {...common} id="login-token" name="token" type="password" autocomplete="off" />
      </p>
    );
  return (
    <>
      <p key="name">
        <label for="login-name">Name</label>
        <input
          {...common}
          id="login-name"
          name="login"
          type="text"
          autocomplete="username"
          defaultValue={login.ended.value?.name ?? ''}
        />
      </p>
      <p key="passcode">
        <label for="login-passcode">Passcode</label>
        <input {...common} id="login-passcode" name="passcode" type="password" autocomplete="current-password" />
      </p>
    </>
  );
}
