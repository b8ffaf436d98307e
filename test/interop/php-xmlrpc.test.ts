// Debian's php-xmlrpc, which has no way to a server of its own: documents go by PHP's streams, as HTTP/1.0. It was written
// before <i8>.

import { xmlRpcClient } from '../suites/xml-rpc-client.js';

xmlRpcClient({
  name: 'php-xmlrpc',
  command: '/usr/bin/php',
  program: 'php-xmlrpc.php',
  // What it makes of null is an empty string; it reads <nil/>.
  cases: { nil: () => ({ came: null, kind: 'string ' }) },
});
