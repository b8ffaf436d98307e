// RabbitMQ as Debian packages it, with STOMP and STOMP over WebSocket, and without anything of the system's.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSigned } from '@sallyport/node';
import { startProgram } from './program.js';
import { type BrokerKind, startBroker, type TestBroker } from './test-broker.js';

const server = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** What a node listens to, and what of that differs from what it does by itself. */
interface Listeners {
  /**
   * Messages by WebSocket: by itself RabbitMQ sends text, whatever the bytes; what is no UTF-8 must end the connection then
   * (RFC 6455, 8.1).
   */
  messages: 'binary' | 'text';
  /** With TLS beside. */
  tls: boolean;
}

/** Ports: STOMP, STOMP over WebSocket, Erlang's distribution and its port mapper; then the first two with TLS. */
const rabbitmq = ({ messages, tls }: Listeners): BrokerKind => ({
  name: 'RabbitMQ',
  ports: tls ? 6 : 4,

  urls: ([stomp, webStomp, , , stompTls, webStompTls]) => ({
    tcp: `tcp://127.0.0.1:${stomp}`,
    ws: `ws://127.0.0.1:${webStomp}/ws`,
    ...(tls && { tls: `tls://127.0.0.1:${stompTls}`, wss: `wss://127.0.0.1:${webStompTls}/ws` }),
  }),

  async prepare(folder, [stomp, webStomp, , , stompTls, webStompTls]) {
    const settings = [
      'listeners.tcp = none',
      `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
      'web_stomp.tcp.ip = 127.0.0.1',
      `web_stomp.tcp.port = ${webStomp}`,
      ...(messages === 'binary' ? ['web_stomp.ws_frame = binary'] : []),
      ...(tls ? tlsSettings(folder, stompTls!, webStompTls!) : []),
      'log.file = false',
      'log.console = true',
      'log.console.level = warning',
    ];
    await writeFile(join(folder, 'rabbitmq.conf'), settings.join('\n') + '\n');
    await writeFile(join(folder, 'plugins'), '[rabbitmq_stomp,rabbitmq_web_stomp].\n');
    await writeFile(join(folder, '.erlang.cookie'), 'SALLYPORT', { mode: 0o400 });
    return tls ? writeCertificate(folder) : undefined;
  },

  start(folder, [, , distribution, mapper]) {
    const portMapper = { ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: String(mapper) };
    const env = {
      ...portMapper,
      HOME: folder,
      RABBITMQ_NODENAME: 'test@localhost',
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      // So that the script becomes the server instead of starting it; its input is not read all the same (-noinput).
      RABBITMQ_ALLOW_INPUT: '1',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none',
    };
    return [
      startProgram('epmd', 'epmd', [], { folder, env: portMapper }),
      startProgram('RabbitMQ', server, [], { folder, env }),
    ];
  },
});

function tlsSettings(folder: string, stomp: number, webStomp: number): string[] {
  const files = ['cacertfile', 'certfile', 'keyfile'] as const;
  return [
    `stomp.listeners.ssl.1 = 127.0.0.1:${stomp}`,
    'web_stomp.ssl.ip = 127.0.0.1',
    `web_stomp.ssl.port = ${webStomp}`,
    ...['ssl_options', 'web_stomp.ssl'].flatMap((of) =>
      files.map((file) => `${of}.${file} = ${join(folder, file === 'keyfile' ? 'key.pem' : 'cert.pem')}`),
    ),
  ];
}

/** Its own authority; returns what its clients have to trust. */
async function writeCertificate(folder: string): Promise<string> {
  const { cert, key } = await selfSigned();
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o400 });
  return cert;
}

/** With all that a connection may carry. */
export function startRabbitmq(): Promise<TestBroker> {
  return startBroker(rabbitmq({ messages: 'binary', tls: false }));
}

/** As it comes, with text messages by WebSocket; and with TLS. */
export function startRabbitmqAsItComes(): Promise<TestBroker> {
  return startBroker(rabbitmq({ messages: 'text', tls: true }));
}

/** How it differs from others. */
export const traits = {
  name: 'RabbitMQ',
  hasVirtualHosts: true,
  refused: '/nowhere/x',
  headers: {
    // It escapes and unescapes in 1.0 as well, which knows no escapes: a colon arrives as \\c, a backslash is an error.
    '1.0': ['plain', 'grün 🚪', ''],
    '1.1': ['a:b', 'a\\b', 'a\\nb', 'a\nb', ' a ', 'grün 🚪', ''],
    '1.2': ['a:b', 'a\\b', 'a\\nb', 'a\nb', 'a\rb', ' a ', 'grün 🚪', ''],
  },
};
