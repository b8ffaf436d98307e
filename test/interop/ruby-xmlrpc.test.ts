// Debian's ruby-xmlrpc.

import { extensions, xmlRpcClient } from '../suites/xml-rpc-client.js';

xmlRpcClient({
  name: 'ruby-xmlrpc',
  command: '/usr/bin/ruby',
  program: 'ruby-xmlrpc.rb',
  cases: extensions,
});
