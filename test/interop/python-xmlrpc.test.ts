// Python's own xmlrpc.client.

import { extensions, xmlRpcClient } from '../suites/xml-rpc-client.js';

xmlRpcClient({
  name: "python3's xmlrpc.client",
  command: '/usr/bin/python3',
  program: 'python-xmlrpc.py',
  cases: extensions,
});
