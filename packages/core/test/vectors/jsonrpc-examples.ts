// Every example of the JSON-RPC 2.0 specification, section 7, as it stands there. https://www.jsonrpc.org/specification

export interface Example {
  /** The heading in the specification, and which of its examples if there are several. */
  name: string;
  /** The octets sent, as text: some are no JSON. */
  sent: string;
  /** What must come back; undefined: nothing. */
  answer: object | undefined;
}

const invalid = { jsonrpc: '2.0', error: { code: -32600, message: 'Invalid Request' }, id: null };
const unparsable = { jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null };

export const examples: readonly Example[] = [
  {
    name: 'rpc call with positional parameters, 1',
    sent: '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    answer: { jsonrpc: '2.0', result: 19, id: 1 },
  },
  {
    name: 'rpc call with positional parameters, 2',
    sent: '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    answer: { jsonrpc: '2.0', result: -19, id: 2 },
  },
  {
    name: 'rpc call with named parameters, 1',
    sent: '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    answer: { jsonrpc: '2.0', result: 19, id: 3 },
  },
  {
    name: 'rpc call with named parameters, 2',
    sent: '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    answer: { jsonrpc: '2.0', result: 19, id: 4 },
  },
  {
    name: 'a Notification, 1',
    sent: '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}',
    answer: undefined,
  },
  { name: 'a Notification, 2', sent: '{"jsonrpc": "2.0", "method": "foobar"}', answer: undefined },
  {
    name: 'rpc call of non-existent method',
    sent: '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    answer: { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: '1' },
  },
  {
    name: 'rpc call with invalid JSON',
    sent: '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    answer: unparsable,
  },
  {
    name: 'rpc call with invalid Request object',
    sent: '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    answer: invalid,
  },
  {
    name: 'rpc call Batch, invalid JSON',
    sent: `[
  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
  {"jsonrpc": "2.0", "method"
]`,
    answer: unparsable,
  },
  { name: 'rpc call with an empty Array', sent: '[]', answer: invalid },
  { name: 'rpc call with an invalid Batch (but not empty)', sent: '[1]', answer: [invalid] },
  { name: 'rpc call with invalid Batch', sent: '[1,2,3]', answer: [invalid, invalid, invalid] },
  {
    name: 'rpc call Batch',
    sent: `[
    {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
    {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
    {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
    {"foo": "boo"},
    {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
    {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
]`,
    answer: [
      { jsonrpc: '2.0', result: 7, id: '1' },
      { jsonrpc: '2.0', result: 19, id: '2' },
      invalid,
      { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: '5' },
      { jsonrpc: '2.0', result: ['hello', 5], id: '9' },
    ],
  },
  {
    name: 'rpc call Batch (all notifications)',
    sent: `[
    {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
    {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
]`,
    answer: undefined,
  },
];

type Pair = readonly [minuend: number, subtrahend: number];

/** The methods that the examples call. */
export const exampleMethods = {
  subtract: (params: Pair | { minuend: number; subtrahend: number }) => {
    const [minuend, subtrahend] = 'minuend' in params ? [params.minuend, params.subtrahend] : params;
    return minuend - subtrahend;
  },
  sum: (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0),
  update: () => undefined,
  notify_hello: () => 'never to be seen',
  notify_sum: () => Promise.reject(new Error('never to be seen')),
  get_data: () => Promise.resolve(['hello', 5]),
};
