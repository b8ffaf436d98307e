// The other side's methods as an object: `api.host.getStats(params)` calls `host.getStats`.

import type { CallOptions } from '../jsonrpc/calls.js';

/** A contract: methods by name, nested as far as one likes, each a function of its params. */
export type Contract = object;

/** A method of a contract as its caller sees it: the same params, then options; always a promise. */
type RemoteMethod<F, Options> = F extends (...args: infer Args) => infer Result
  ? Args extends []
    ? (params?: undefined, options?: Options) => Promise<Awaited<Result>>
    : undefined extends Args[0]
      ? (params?: Args[0], options?: Options) => Promise<Awaited<Result>>
      : (params: Args[0], options?: Options) => Promise<Awaited<Result>>
  : never;

/** A contract as its caller sees it. Without one, any method of any params, with a result yet to be looked at. */
export type Remote<Api extends Contract, Options = CallOptions> = Contract extends Api
  ? UntypedRemote<Options>
  : {
      readonly [Name in keyof Api]: Api[Name] extends (...args: never[]) => unknown
        ? RemoteMethod<Api[Name], Options>
        : Api[Name] extends object
          ? Remote<Api[Name], Options>
          : never;
    };

export interface UntypedRemote<Options = CallOptions> {
  (params?: unknown, options?: Options): Promise<unknown>;
  readonly [name: string]: UntypedRemote<Options>;
}

type CallMethod<Options> = (method: string, params: unknown, options?: Options) => Promise<unknown>;

/** Makes the object. Names are put together as they are walked, so nothing needs to be known beforehand. */
export function remote<Api extends Contract, Options = CallOptions>(
  call: CallMethod<Options>,
  prefix = '',
): Remote<Api, Options> {
  const parts = new Map<string, unknown>();
  return new Proxy(function () {} as object, {
    get(_target, name) {
      // Awaiting asks an object for `then`, JSON.stringify for `toJSON`; looking must not become a call.
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined;
      let part = parts.get(name);
      if (part === undefined) parts.set(name, (part = remote(call, prefix === '' ? name : `${prefix}.${name}`)));
      return part;
    },
    apply: (_target, _this, [params, options]: [unknown, Options?]) => call(prefix, params, options),
  }) as Remote<Api, Options>;
}
