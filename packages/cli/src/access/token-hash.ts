// Tokens as they are stored. They are made up by us and as random as a key, so one round of a fast hash is enough.

import { createHash, randomBytes } from 'node:crypto';

const FORM = /^\$sha256\$[A-Za-z0-9_-]{43}$/;

/** A new token, 256 random bits; no hyphen begins it, which a command line would take for an option. */
export function newToken(): string {
  const token = randomBytes(32).toString('base64url');
  return token.startsWith('-') ? newToken() : token;
}

/** A token as it is stored: `$sha256$<hash>`. To look one up by this tells nothing about the others by its time. */
export function hashToken(token: string): string {
  return `$sha256$${createHash('sha256').update(token).digest('base64url')}`;
}

export function isTokenHash(text: string): boolean {
  return FORM.test(text);
}
