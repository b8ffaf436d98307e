// The methods of the demo: real statistics, and things to try out calls with.

import { ProtocolError, RpcError } from '@sallyport/core';
import { type Call, ErrorCode, type Methods } from '@sallyport/core/jsonrpc';
import type { HostSampler } from './host-stats.js';

/** At most this many events for one call of `emit`. */
const MOST_EVENTS = 10_000;
const LONGEST_SLOW = 600_000;

/** What the methods need of the server. */
export interface Emitter {
  emit(name: string, data?: unknown): void;
}

export function demoMethods(server: Emitter, sampler: HostSampler): Methods {
  return {
    host: { getStats: () => sampler.read() },
    echo: (params: unknown) => params,
    add: (params: unknown) => add(params),
    fail: () => {
      throw new RpcError(1234, 'this method always fails', {
        hint: 'an error can carry data',
        at: new Date().toISOString(),
      });
    },
    slow: (params: unknown, call) => slow(params, call),
    emit: (params: unknown) => emit(params, server),
  };
}

function add(params: unknown): number {
  const [a, b] = Array.isArray(params) ? (params as unknown[]) : [field(params, 'a'), field(params, 'b')];
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  throw invalid('add takes two numbers: [1, 2] or {"a": 1, "b": 2}');
}

/** Waits as long as it is told, or until nobody waits any more. */
async function slow(params: unknown, { signal }: Call): Promise<{ slept: number }> {
  const ms = field(params, 'ms') ?? 1000;
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= LONGEST_SLOW))
    throw invalid(`slow takes {"ms": 0 to ${LONGEST_SLOW}}`);
  const started = Date.now();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
  return { slept: Date.now() - started };
}

function emit(params: unknown, server: Emitter): { emitted: number } {
  const name = field(params, 'name');
  const count = field(params, 'count') ?? 1;
  if (typeof name !== 'string' || name === '')
    throw invalid('emit takes {"name": "a.b", "data": anything, "count": 1}');
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MOST_EVENTS) {
    throw invalid(`count must be a whole number from 1 to ${MOST_EVENTS}`);
  }
  const data = field(params, 'data');
  try {
    for (let sent = 0; sent < count; sent++) server.emit(name, data);
  } catch (error) {
    // The name is no topic, such as a..b.
    throw error instanceof ProtocolError ? invalid(error.message) : error;
  }
  return { emitted: count };
}

function field(params: unknown, name: string): unknown {
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>)[name] : undefined;
}

function invalid(message: string): RpcError {
  return new RpcError(ErrorCode.invalidParams, message);
}
