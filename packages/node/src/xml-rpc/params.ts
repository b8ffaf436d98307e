// What a handler gets. JSON-RPC has its params by position or by name; XML-RPC only by position, and whoever wants names
// gives one struct.

/** One parameter is handed over as it is, a struct therefore by name; several as an array; none as undefined. */
export function paramsOf(params: readonly unknown[]): unknown {
  return params.length > 1 ? params : params[0];
}
