// Texts in headers and how they stand on the wire (STOMP 1.1 and 1.2, Value Encoding).

import type { Version } from '../../src/stomp/index.js';

/** Undefined: that version cannot carry it. */
export const escapes: readonly { text: string; wire: Readonly<Record<Version, string | undefined>> }[] = [
  { text: '', wire: { '1.0': '', '1.1': '', '1.2': '' } },
  { text: 'plain', wire: { '1.0': 'plain', '1.1': 'plain', '1.2': 'plain' } },
  { text: ' größe 𝄞 ', wire: { '1.0': ' größe 𝄞 ', '1.1': ' größe 𝄞 ', '1.2': ' größe 𝄞 ' } },
  { text: '\\', wire: { '1.0': '\\', '1.1': '\\\\', '1.2': '\\\\' } },
  { text: '\n', wire: { '1.0': undefined, '1.1': '\\n', '1.2': '\\n' } },
  { text: '\r', wire: { '1.0': undefined, '1.1': undefined, '1.2': '\\r' } },
  { text: '\r\n', wire: { '1.0': undefined, '1.1': undefined, '1.2': '\\r\\n' } },
  { text: '\\n', wire: { '1.0': '\\n', '1.1': '\\\\n', '1.2': '\\\\n' } },
  { text: '\\\n\\', wire: { '1.0': undefined, '1.1': '\\\\\\n\\\\', '1.2': '\\\\\\n\\\\' } },
  { text: 'x\nevil:1', wire: { '1.0': undefined, '1.1': 'x\\nevil\\c1', '1.2': 'x\\nevil\\c1' } },
  { text: 'x\r\n\r\nbody', wire: { '1.0': undefined, '1.1': undefined, '1.2': 'x\\r\\n\\r\\nbody' } },
  { text: 'x\0SEND', wire: { '1.0': undefined, '1.1': undefined, '1.2': undefined } },
  // Longer than what is looked through octet by octet.
  {
    text: 'x'.repeat(100) + '\n',
    wire: { '1.0': undefined, '1.1': 'x'.repeat(100) + '\\n', '1.2': 'x'.repeat(100) + '\\n' },
  },
  { text: 'x'.repeat(100) + '\0', wire: { '1.0': undefined, '1.1': undefined, '1.2': undefined } },
];

/** A colon is a matter of its own: in a value of 1.0 it stands as it is, in a name it cannot. */
export const colons: typeof escapes = [
  { text: 'a:b', wire: { '1.0': 'a:b', '1.1': 'a\\cb', '1.2': 'a\\cb' } },
  { text: ':', wire: { '1.0': ':', '1.1': '\\c', '1.2': '\\c' } },
  { text: 'ID:host-1:2', wire: { '1.0': 'ID:host-1:2', '1.1': 'ID\\chost-1\\c2', '1.2': 'ID\\chost-1\\c2' } },
];

export const undefinedEscapes: Readonly<Record<'1.1' | '1.2', readonly string[]>> = {
  '1.1': ['\\', 'a\\', '\\t', '\\r', '\\N', '\\C', '\\0', '\\x41', '\\\\\\', '\\\n', '\\é'],
  '1.2': ['\\', 'a\\', '\\t', '\\R', '\\N', '\\C', '\\0', '\\x41', '\\\\\\', '\\\n', '\\é'],
};
