// The methods one side offers. A Map, so that `constructor` and `__proto__` are unknown methods like any other.

import type { Call } from './call.js';

/** A method: its params and what is known of the call in, its result or a promise of it out. */
export type Handler<Params = never, Result = unknown> = (params: Params, call: Call) => Result | Promise<Result>;

/** Methods by name; nested objects become dotted names: `{ host: { getStats } }` is `host.getStats`. */
export interface Methods {
  readonly [name: string]: Handler | Methods;
}

/** Methods whose params are not annotated: objects whose members are yet to be looked at. */
export interface UntypedMethods {
  readonly [name: string]: Handler<Readonly<Record<string, unknown>>> | UntypedMethods;
}

/** The methods of a contract, as whoever offers them writes them: the same params, then the call. */
export type Implementation<Api extends object> = {
  readonly [Name in keyof Api]: Api[Name] extends (...args: infer Args) => infer Result
    ? Handler<Args extends [] ? unknown : Args[0], Awaited<Result>>
    : Api[Name] extends object
      ? Implementation<Api[Name]>
      : never;
};

/** The methods that one side offers, by their dotted names. */
export class MethodTable {
  readonly #handlers = new Map<string, Handler<unknown>>();

  get(name: string): Handler<unknown> | undefined {
    return this.#handlers.get(name);
  }

  get names(): string[] {
    return [...this.#handlers.keys()].sort();
  }

  /**
   * Adds methods; throws a TypeError, having added none, if one exists, is not a function, or has a name that is reserved:
   * by the specification what begins with `rpc.` (JSON-RPC 2.0, section 4.1), and `$/` by what language servers made common.
   */
  add(methods: Methods, areBuiltIn = false): void {
    const found = new Map<string, Handler<unknown>>();
    for (const [name, handler] of flatten(methods, '')) {
      if (!areBuiltIn && /^(rpc\.|\$\/)/.test(name))
        throw new TypeError(`method ${name}: names that begin with rpc. or $/ are reserved`);
      if (this.#handlers.has(name) || found.has(name)) throw new TypeError(`method ${name} is implemented already`);
      found.set(name, handler);
    }
    for (const [name, handler] of found) this.#handlers.set(name, handler);
  }
}

function* flatten(methods: Methods, prefix: string): Generator<[name: string, handler: Handler<unknown>]> {
  for (const [key, value] of Object.entries(methods)) {
    const name = prefix + key;
    if (typeof value === 'function') yield [name, value as Handler<unknown>];
    else if (typeof value === 'object' && value !== null) yield* flatten(value, name + '.');
    else throw new TypeError(`method ${name} must be a function, or an object of methods`);
  }
}
