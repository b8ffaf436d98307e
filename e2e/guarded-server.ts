// A server of our own for the page, whose users and rights a test sets as it goes.

import { pageRoot } from '@sallyport/dashboard';
import { type Access, createServer, type Server } from '@sallyport/node';

export interface GuardedServer {
  url: string;
  readonly server: Server;
  /** Who may come in, by name; each one's passcode is the name once more. '' is whoever says nothing. */
  users: Set<string>;
  /** What nobody may do: methods and destinations. */
  forbidden: Set<string>;
  /** How long a login is good for, milliseconds. */
  lasting: number;
  /** Who asked to come in, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export async function startGuarded(): Promise<GuardedServer> {
  const server = createServer({
    page: pageRoot,
    authenticate({ login = '', passcode = '', token }, { expires }) {
      const name = token ?? login;
      guarded.asked.push(name);
      expires(Date.now() + guarded.lasting);
      return guarded.users.has(name) && (token !== undefined || passcode === name) ? { name } : undefined;
    },
    authorize: (access) => !guarded.forbidden.has(nameOf(access)),
  });
  const stats = () => ({
    host: 'guarded',
    cpu: { count: 2, model: 'none', usage: 0.25 },
    memory: { total: 100, free: 50, used: 50 },
    load: [0, 0, 0],
    uptime: 1,
    time: new Date().toISOString(),
  });
  server.implement({
    host: { getStats: stats },
    add: ([a, b]: number[]) => a! + b!,
    emit: ({ name, data }: { name: string; data: unknown }) => server.emit(name, data),
  });
  const { port } = await server.listen({ port: 0 });
  const ticking = setInterval(() => server.emit('host.stats', stats()), 200);
  const guarded: GuardedServer = {
    url: `http://localhost:${port}/`,
    server,
    users: new Set(),
    forbidden: new Set(),
    lasting: Infinity,
    asked: [],
    async stop() {
      clearInterval(ticking);
      await server.close();
    },
  };
  return guarded;
}

function nameOf({ action, method, destination }: Access): string {
  return method ?? destination ?? action;
}
