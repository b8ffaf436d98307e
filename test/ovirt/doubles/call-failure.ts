// What a call ends with where no result came.

export class CallFailure extends Error {
  constructor(
    readonly code: unknown,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a member of an answer is, as far as a client looks at it. */
export interface Answer {
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: { code?: unknown; message?: unknown };
}
