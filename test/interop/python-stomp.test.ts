// Debian's python3-stomp (stomp.py), which has a class for each version.

import { heartBeats, stompClient } from '../suites/stomp-client.js';

stompClient({
  name: 'python3-stomp',
  command: '/usr/bin/python3',
  program: 'python-stomp.py',
  casesSince11: heartBeats,
});
