// Debian's libfrontier-rpc-perl, by one of the first to speak XML-RPC: it knows what the specification had in 1998, neither
// <nil/> nor <i8>.

import { xmlRpcClient } from '../suites/xml-rpc-client.js';

xmlRpcClient({
  name: 'libfrontier-rpc-perl',
  command: '/usr/bin/perl',
  program: 'perl-frontier.pl',
  cases: { large: () => ({ length: 250_000, same: true }) },
});
