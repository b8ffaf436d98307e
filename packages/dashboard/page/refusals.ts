// Which errors mean that the server says no to whom it has before it.

/** JSON-RPC's answer to a call that whoever makes it has no right to. */
const NO_RIGHT = -32001;
/** And to one of a method that is not there (JSON-RPC 2.0, section 5.1). */
const NO_METHOD = -32601;

/** Whether it will not have us, as who we say we are. */
export function isUnwelcome(error: unknown): boolean {
  return error instanceof Error && error.name === 'AuthError' && !isForbidden(error);
}

/** Whether it has us, but we have no right to what we asked for. */
export function isForbidden(error: unknown): boolean {
  return codeOf(error) === 'ERR_FORBIDDEN' || codeOf(error) === NO_RIGHT;
}

/** Whether it had us for as long as the login was good for; whoever says it anew may come back at once. */
export function isExpired(error: unknown): boolean {
  return codeOf(error) === 'ERR_AUTH_EXPIRED';
}

export function isUnknownMethod(error: unknown): boolean {
  return codeOf(error) === NO_METHOD;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}
