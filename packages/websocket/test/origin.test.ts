import { expect, test } from 'vitest';
import { originAllowed } from '../src/origin.js';

const cases: [origin: string | undefined, host: string | undefined, origins: string[] | undefined, allowed: boolean][] =
  [
    // No browser, no origin.
    [undefined, 'a.example', undefined, true],
    [undefined, 'a.example', ['https://b.example'], true],
    // By default the page must come from here.
    ['https://a.example', 'a.example', undefined, true],
    ['https://A.Example', 'a.eXample', undefined, true],
    ['https://a.example', 'a.example:443', undefined, true],
    ['http://a.example', 'a.example:80', undefined, true],
    ['http://a.example', 'a.example:443', undefined, false],
    ['https://a.example:8443', 'a.example:8443', undefined, true],
    ['https://a.example:8443', 'a.example', undefined, false],
    ['http://[::1]:8080', '[::1]:8080', undefined, true],
    ['https://b.example', 'a.example', undefined, false],
    ['https://a.example.evil.example', 'a.example', undefined, false],
    ['https://a.example', undefined, undefined, false],
    ['https://a.example', '', undefined, false],
    ['https://a.example', 'a.example/@evil', undefined, true],
    ['file://', '', undefined, false],
    ['nonsense', 'nonsense', undefined, false],
    // No browser writes these.
    ['https://user@a.example', 'a.example', undefined, false],
    ['https://a.example/page', 'a.example', undefined, false],
    ['https://a.example\\', 'a.example', undefined, false],
    ['ftp://a.example', 'a.example', undefined, false],
    ['chrome-extension://a.example', 'a.example', undefined, false],
    ['', '', undefined, false],
    // Sandboxed frames and files.
    ['null', 'a.example', undefined, false],
    ['null', 'null', undefined, false],
    ['null', 'a.example', ['null'], false],
    ['null', 'a.example', ['*'], true],
    // A list adds to the default.
    ['https://b.example', 'a.example', ['https://b.example'], true],
    ['https://B.example', 'a.example', ['HTTPS://b.EXAMPLE'], true],
    ['https://b.example', 'a.example', ['https://b.example/'], true],
    ['https://a.example', 'a.example', ['https://b.example'], true],
    ['http://b.example', 'a.example', ['https://b.example'], false],
    ['https://b.example:444', 'a.example', ['https://b.example'], false],
    ['https://b.example', 'a.example', [], false],
    ['https://c.example', 'a.example', ['*'], true],
    ['https://c.example', 'a.example', ['https://*.example'], false],
  ];

test.each(cases)('%s to %s with %j: %s', (origin, host, origins, allowed) => {
  expect(originAllowed(origin, host, { origins })).toBe(allowed);
});
