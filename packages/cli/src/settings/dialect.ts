// The second dialect of STOMP, and XML-RPC, as they are asked for.

import type { OvirtDialect } from '@sallyport/node';
import type { ConfigValue } from './config-value.js';

/** The dialect by its name, as the command line has it. */
export function readDialectName(text: string): OvirtDialect {
  if (text === 'ovirt') return text;
  throw new Error(`must be ovirt, which is the only one there is, not ${text}`);
}

/** The dialect by its name, or with destinations of other names. */
export function readDialect(value: ConfigValue): OvirtDialect {
  if (!value.isObject) return value.check(readDialectName);
  const { name, requests, events, responses } = value.members(['name', 'requests', 'events', 'responses']);
  if (name === undefined) return value.fail('name is missing: "ovirt"');
  name.check(readDialectName);
  return {
    name: 'ovirt',
    ...(requests && { requests: requests.list().map((one) => one.check(readDestination)) }),
    ...(events && { events: events.check(readDestination) }),
    ...(responses && { responses: responses.check(readDestination) }),
  };
}

function readDestination(text: string): string {
  if (!text.startsWith('/')) return text;
  throw new Error(`must be a name such as jms.queue.events, not ${text}`);
}

/** Whether XML-RPC is spoken, and where. */
export function readXmlRpc(value: ConfigValue): boolean | string {
  return value.is(true) || value.is(false) ? value.flag() : value.check(readXmlRpcPath);
}

export function readXmlRpcPath(text: string): string {
  if (!/^\/[\w./~-]*$/.test(text)) throw new Error(`must be a path such as /RPC2, not ${text}`);
  if (text === '/rpc' || text === '/healthz') throw new Error(`at ${text} there is something else; take another path`);
  return text;
}
