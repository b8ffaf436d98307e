// A ready call for each method of the demo, and what it shows.

export interface Example {
  method: string;
  params: string;
  about: string;
}

export const examples: readonly Example[] = [
  { method: 'host.getStats', params: '{}', about: 'This machine’s figures, now' },
  { method: 'echo', params: '{ "text": "Who goes there?" }', about: 'Answers with what it was given' },
  { method: 'add', params: '[2, 3]', about: 'The sum of two numbers' },
  { method: 'fail', params: '{}', about: 'Fails on purpose, with code and data' },
  { method: 'slow', params: '{ "ms": 5000 }', about: 'Takes its time: try Cancel' },
  {
    method: 'emit',
    params: '{\n  "name": "demo.hello",\n  "data": { "text": "The gate is open" },\n  "count": 3\n}',
    about: 'Sends events: watch the list',
  },
];

export function exampleOf(method: string): Example | undefined {
  return examples.find((one) => one.method === method);
}
