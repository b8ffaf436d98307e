// The destinations of a vdsm host: what it takes requests at, and where its events and its errors without an id go.

import { checkOptions } from '@sallyport/core';

/** The destinations of a vdsm host. */
export interface OvirtNames {
  /** Where requests go; anything below one of these, cut at dots, is one too. */
  requests: readonly string[];
  /** Where events go. Default `jms.queue.events`. */
  events: string;
  /** Where errors go that answer no id, since nobody can tell whose they are. Default `jms.topic.vdsm_responses`. */
  responses: string;
}

export const ovirtNames: OvirtNames = {
  requests: ['jms.topic.vdsm_requests', 'jms.topic.vdsm_irs_requests'],
  events: 'jms.queue.events',
  responses: 'jms.topic.vdsm_responses',
};

/** The dialect by its name, or with destinations of other names. */
export type OvirtDialect = 'ovirt' | ({ name: 'ovirt' } & Partial<OvirtNames>);

/** Throws a TypeError that names what is wrong. */
export function checkDialect(dialect: OvirtDialect | undefined): void {
  if (dialect === undefined || dialect === 'ovirt') return;
  if (typeof dialect !== 'object' || dialect === null || dialect.name !== 'ovirt')
    throw new TypeError(
      "createServer: option dialect must be 'ovirt', or { name: 'ovirt', requests, events, responses }",
    );
  checkOptions(
    dialect,
    { name: 'string', requests: 'array', events: 'string', responses: 'string' },
    'createServer: dialect',
  );
  const names = [...(dialect.requests ?? []), dialect.events, dialect.responses].filter((name) => name !== undefined);
  if (names.some((name) => typeof name !== 'string' || name === '' || name.startsWith('/')))
    throw new TypeError(
      'createServer: dialect: destinations are names such as jms.queue.events; those with a / are STOMP’s',
    );
}

export function namesOf(dialect: OvirtDialect): OvirtNames {
  return { ...ovirtNames, ...(dialect === 'ovirt' ? {} : dialect) };
}

/** Whether a destination is another one, or below it. */
export function isAtOrBelow(destination: string, other: string): boolean {
  return destination === other || destination.startsWith(other + '.');
}
