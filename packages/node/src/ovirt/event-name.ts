// The names of vdsm's events, `receiver|component|operation|unique_id`, and the patterns that choose among them.

/** Which host, which part of it, what happened, and to what: `node7|virt|VM_status|<id of the machine>`. */
export interface EventName {
  /** The host. On the wire it is empty: whoever is connected to it knows. */
  readonly receiver: string;
  readonly component: string;
  readonly operation: string;
  readonly uniqueId: string;
}

/** Takes a name apart; undefined if it has not four parts. */
export function readEventName(name: string): EventName | undefined {
  const parts = name.split('|');
  if (parts.length !== 4) return undefined;
  const [receiver, component, operation, uniqueId] = parts as [string, string, string, string];
  return { receiver, component, operation, uniqueId };
}

export function eventNameText({ receiver, component, operation, uniqueId }: EventName): string {
  return [receiver, component, operation, uniqueId].join('|');
}

/** Reads a pattern: four parts, of which `*` is any. Throws a TypeError for anything else. */
export function readEventPattern(pattern: string): EventName {
  const name = typeof pattern === 'string' ? readEventName(pattern) : undefined;
  if (name !== undefined) return name;
  throw new TypeError(`a pattern of events has four parts, such as *|virt|VM_status|*, of which * is any: ${pattern}`);
}

/** Whether each part of a pattern matches, at its own place. */
export function matchesEvent(pattern: EventName, name: EventName): boolean {
  const keys = ['receiver', 'component', 'operation', 'uniqueId'] as const;
  return keys.every((key) => pattern[key] === '*' || pattern[key] === name[key]);
}
