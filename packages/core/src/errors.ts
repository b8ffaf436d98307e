// All errors, by what whoever catches one will do next. Each carries a stable code; PROTOCOL.md lists them.

/** Whether a call had left this machine when it failed: `'maybe'` means that it may have run. */
export type Sent = 'no' | 'maybe' | 'yes';

/** The base of every error that Sallyport throws; by itself it says that something was asked for at the wrong time. */
export class SallyportError extends Error {
  /** A stable name for programs to compare with, such as `ERR_HEADER_LINE`; an {@link RpcError} has a number. */
  readonly code: string | number;

  constructor(code: string | number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** The name of its class. */
  // A getter, because minifiers rename classes; each class below states its own.
  override get name(): string {
    return 'SallyportError';
  }
}

/** A standard's rule was broken; the connection is over. */
export class ProtocolError extends SallyportError {
  /** Who broke the rule. */
  readonly by: 'us' | 'them';

  override get name(): string {
    return 'ProtocolError';
  }

  constructor(code: string, message: string, options: { by?: 'us' | 'them'; cause?: unknown } = {}) {
    super(code, message, options);
    this.by = options.by ?? 'them';
  }
}

/** A limit was reached; the message names it and its value. */
export class LimitError extends SallyportError {
  /** The name of the limit, as the options spell it. */
  readonly limit: string;

  override get name(): string {
    return 'LimitError';
  }

  constructor(code: string, message: string, limit: string) {
    super(code, message);
    this.limit = limit;
  }
}

/** There is no connection, or it was lost; trying again may help. */
export class ConnectionError extends SallyportError {
  /** Whether the call in question had been sent when the connection ended. */
  readonly sent: Sent;

  override get name(): string {
    return 'ConnectionError';
  }

  constructor(code: string, message: string, options: { sent?: Sent; cause?: unknown } = {}) {
    super(code, message, options);
    this.sent = options.sent ?? 'no';
  }
}

/** What everything is told that is asked of a connection after its end. */
export function closedError(cause?: unknown): ConnectionError {
  return new ConnectionError('ERR_CLOSED', 'the connection has been closed', { cause });
}

/** Nothing came within the time given. */
export class TimeoutError extends SallyportError {
  /** Whether the call in question had been sent when its time was over. */
  readonly sent: Sent;

  override get name(): string {
    return 'TimeoutError';
  }

  constructor(code: string, message: string, options: { sent?: Sent; cause?: unknown } = {}) {
    super(code, message, options);
    this.sent = options.sent ?? 'no';
  }
}

/** The other side knows who we are, or does not, and refuses; trying again with the same credentials will not help. */
export class AuthError extends SallyportError {
  override get name(): string {
    return 'AuthError';
  }
}

/** The other side answered a call with an error. Thrown by a handler, it becomes that answer. */
export class RpcError extends SallyportError {
  /** The error object's `code` (JSON-RPC 2.0, section 5.1). */
  declare readonly code: number;
  /** The error object's `data`, if it had any. */
  readonly data: unknown;

  override get name(): string {
    return 'RpcError';
  }

  constructor(code: number, message: string, data?: unknown) {
    super(code, message);
    this.data = data;
  }
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
