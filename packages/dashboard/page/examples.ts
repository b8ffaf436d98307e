// A ready call for each method of the demo, and what it shows.

export interface Example {
  method: string;
  params: string;
  about: string;
}

export const examples: readonly Example[] = [
  { method: 'host.getStats', params: '{}', about: 'This machine’s figures, asked for instead of awaited' },
  { method: 'echo', params: '{ "text": "Who goes there?" }', about: 'Answers with what it was given' },
  { method: 'add', params: '[2, 3]', about: 'The sum; takes [a, b] or { "a": …, "b": … }' },
  { method: 'fail', params: '{}', about: 'Fails on purpose: an application error with code and data' },
  { method: 'slow', params: '{ "ms": 5000 }', about: 'Takes its time; Cancel stops it on the server too' },
  {
    method: 'emit',
    params: '{\n  "name": "demo.hello",\n  "data": { "text": "The gate is open" },\n  "count": 3\n}',
    about: 'Sends events to everyone; watch them come in the list',
  },
];

export function exampleOf(method: string): Example | undefined {
  return examples.find((one) => one.method === method);
}
