// Debian's libnet-stomp-perl, a client of 1.0 whose users make it 1.1 or 1.2 by headers of their own. It neither
// escapes nor unescapes, so its headers look as they stand on the wire; and it knows no heart-beats.

import { hasty, stompClient, wireHeaders } from '../suites/stomp-client.js';

stompClient({
  name: 'libnet-stomp-perl',
  command: '/usr/bin/perl',
  program: 'perl-net-stomp.pl',
  cases: {
    ...hasty,
    headers: wireHeaders,
    'send-transactional': () => [1, 'one'],
  },
});
