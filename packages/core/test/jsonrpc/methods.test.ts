import { expect, test } from 'vitest';
import { type Methods, MethodTable } from '../../src/jsonrpc/methods.js';

function table(...all: Methods[]): MethodTable {
  const methods = new MethodTable();
  for (const one of all) methods.add(one);
  return methods;
}

test('nested objects become dotted names', () => {
  const ping = () => 'pong';
  const methods = table({ ping, host: { getStats: ping, vm: { start: ping } }, 'a.b': ping });
  expect(methods.names).toEqual(['a.b', 'host.getStats', 'host.vm.start', 'ping']);
  expect(methods.get('host.vm.start')).toBe(ping);
});

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'host', 'host.constructor', ''])(
  '%j is not a method unless somebody made it one',
  (name) => {
    expect(table({ host: { ping: () => 1 } }).get(name)).toBeUndefined();
  },
);

test('names that objects inherit can be methods like any other', () => {
  const methods = table({ constructor: () => 1, toString: () => 2 } as unknown as Methods);
  expect(methods.names).toEqual(['constructor', 'toString']);
});

test.each<[string, unknown, string]>([
  ['a text', { name: 'x' }, 'name'],
  ['null', { host: { name: null } }, 'host.name'],
  ['a name that $/ reserves', { $: { 'x/y': () => 1 }, '$/mine': () => 1 }, '$/mine'],
  ['a name that rpc. reserves', { rpc: { mine: () => 1 } }, 'method rpc.mine: names that begin with rpc. or $/ are'],
])('%s is refused by name, and nothing is added', (_name, methods, named) => {
  const all = table();
  expect(() => all.add({ fine: () => 1, ...(methods as Methods) })).toThrow(TypeError);
  expect(() => all.add(methods as Methods)).toThrow(named);
  expect(all.names).toEqual([]);
});

test('what is reserved can be built in, and what only looks alike is anybody’s', () => {
  const all = table({ rpc: () => 1, rpcs: { a: () => 1 } });
  all.add({ rpc: { methods: () => 1 } }, true);
  expect(all.names).toEqual(['rpc', 'rpc.methods', 'rpcs.a']);
});

test('a method is implemented once', () => {
  const all = table({ ping: () => 1 });
  expect(() => all.add({ other: () => 1, ping: () => 2 })).toThrow('ping is implemented already');
  expect(all.names).toEqual(['ping']);
});

test('the same name spelt in two ways is the same name', () => {
  const all = table();
  expect(() => all.add({ 'a.b': () => 1, a: { b: () => 2 } })).toThrow('a.b is implemented already');
  expect(all.names).toEqual([]);
});
