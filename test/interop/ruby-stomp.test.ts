// Debian's ruby-stomp: its Connection, and in one case its Client, which has a thread that listens.

import { hasty, heartBeats, stompClient } from '../suites/stomp-client.js';

stompClient({
  name: 'ruby-stomp',
  command: '/usr/bin/ruby',
  program: 'ruby-stomp.rb',
  cases: {
    ...hasty,
    callbacks: () => [
      ['one', 'RECEIPT'],
      ['sent', 'RECEIPT'],
    ],
  },
  casesSince11: heartBeats,
});
