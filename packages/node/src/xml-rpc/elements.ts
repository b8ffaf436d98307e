// The elements of XML-RPC: what each may hold, and what it is once it has ended. http://xmlrpc.com/spec.md

import { RpcError } from '@sallyport/core';
import { errorOf, notXmlRpc } from './fault.js';
import { readBase64, readBoolean, readDate, readDouble, readInteger, readNil, type ReadScalar } from './scalars.js';

/** A call as it came. */
export interface MethodCall {
  method: string;
  params: readonly unknown[];
}

/** An answer as it came. */
export type MethodResponse = { result: unknown } | { error: RpcError };

export interface Element {
  /** The elements that may come next, behind so many others. */
  next(at: number): readonly string[];
  /** How many elements it must hold. */
  readonly least: number;
  /** Whether texts mean something in it. */
  readonly hasText: boolean;
  /** Whether it is a level of limits.xmlDepth. */
  readonly isLevel?: boolean;
  /** What it is, of what its elements are and its text. */
  read(children: readonly unknown[], text: string): unknown;
}

const nothing: readonly string[] = [];

const text = (read: ReadScalar): Element => ({
  next: () => nothing,
  least: 0,
  hasText: true,
  read: (_, content) => read(content),
});

const inOrder = (names: readonly string[], least: number, read: Element['read']): Element => ({
  next: (at) => names.slice(at, at + 1),
  least,
  hasText: false,
  read,
});

const anyNumberOf = (name: string, read: Element['read']): Element => {
  const names = [name];
  return { next: () => names, least: 0, hasText: false, read };
};

const oneOf = (names: readonly string[], read: Element['read']): Element => ({
  next: (at) => (at === 0 ? names : nothing),
  least: 1,
  hasText: false,
  read,
});

/** i8 and nil came later, from different sides; Apache's have a prefix. */
const scalars: Readonly<Record<string, Element>> = {
  int: text(readInteger),
  i4: text(readInteger),
  i8: text(readInteger),
  'ex:i8': text(readInteger),
  boolean: text(readBoolean),
  string: text((content) => content),
  double: text(readDouble),
  'dateTime.iso8601': text(readDate),
  base64: text(readBase64),
  nil: text(readNil),
  'ex:nil': text(readNil),
};

const first = ([child]: readonly unknown[]): unknown => child;
const all = (children: readonly unknown[]): unknown => children;

/** By name; a Map, so that `constructor` is an unknown element like any other. */
export const elements: ReadonlyMap<string, Element> = new Map<string, Element>(
  Object.entries({
    ...scalars,
    methodCall: inOrder(['methodName', 'params'], 1, ([method, params = []]) => ({ method, params })),
    methodResponse: oneOf(['params', 'fault'], ([child]) => responseOf(child)),
    methodName: text((content) => content),
    params: anyNumberOf('param', all),
    param: inOrder(['value'], 1, first),
    fault: inOrder(['value'], 1, ([fault]) => errorOf(fault)),
    value: {
      // "If no type is indicated, the type is string."
      ...oneOf([...Object.keys(scalars), 'array', 'struct'], (children, content) =>
        children.length === 0 ? content : children[0],
      ),
      least: 0,
      hasText: true,
    },
    array: { ...inOrder(['data'], 1, first), isLevel: true },
    data: anyNumberOf('value', all),
    struct: { ...anyNumberOf('member', (members) => structOf(members as [string, unknown][])), isLevel: true },
    member: inOrder(['name', 'value'], 2, all),
    name: text((content) => content),
  }),
);

function responseOf(child: unknown): MethodResponse {
  if (child instanceof RpcError) return { error: child };
  const params = child as readonly unknown[];
  if (params.length !== 1) throw notXmlRpc('an answer has one <param>');
  return { result: params[0] };
}

/** Members become properties of their own, `__proto__` as well. */
function structOf(members: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const names = new Map(members);
  if (names.size === members.length) return Object.fromEntries(names);
  const seen = new Set<string>();
  const [twice] = members.find(([name]) => seen.size === seen.add(name).size)!;
  throw notXmlRpc(`a struct with two members ${JSON.stringify(twice.slice(0, 40))}`);
}
