// Debian's php-stomp, a client of 1.0 whose users make it 1.1 or 1.2 by headers of their own. It neither escapes nor
// unescapes, shows nothing of CONNECTED but the session, so that the version is told by what the server takes, and knows no
// heart-beats; Debian builds it without TLS.

import { hasty, stompClient, wireHeaders } from '../suites/stomp-client.js';

stompClient({
  name: 'php-stomp',
  command: '/usr/bin/php',
  program: 'php-stomp.php',
  cases: {
    ...hasty,
    error: () => ({
      message: 'a destination begins with /topic/, /queue/ or /temp-queue/, not as in "/nowhere/a"',
      sent: false,
    }),
    headers: wireHeaders,
    tls: () => 'SSL DISABLED',
  },
});
