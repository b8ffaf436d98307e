// RabbitMQ as Debian packages it, with STOMP and STOMP over WebSocket, and without anything of the system's.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './program.js';
import { type BrokerKind, startBroker, type TestBroker } from './test-broker.js';

const server = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const rabbitmq: BrokerKind = {
  name: 'RabbitMQ',
  // STOMP, STOMP over WebSocket, Erlang's distribution and its port mapper.
  ports: 4,

  urls: ([stomp, webStomp]) => ({ tcp: `tcp://127.0.0.1:${stomp}`, ws: `ws://127.0.0.1:${webStomp}/ws` }),

  async prepare(folder, [stomp, webStomp]) {
    const settings = [
      'listeners.tcp = none',
      `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
      'web_stomp.tcp.ip = 127.0.0.1',
      `web_stomp.tcp.port = ${webStomp}`,
      // By default it sends text messages, whatever the bytes: what is no UTF-8 must end the connection then (RFC 6455, 8.1).
      'web_stomp.ws_frame = binary',
      'log.file = false',
      'log.console = true',
      'log.console.level = warning',
    ];
    await writeFile(join(folder, 'rabbitmq.conf'), settings.join('\n') + '\n');
    await writeFile(join(folder, 'plugins'), '[rabbitmq_stomp,rabbitmq_web_stomp].\n');
    await writeFile(join(folder, '.erlang.cookie'), 'SALLYPORT', { mode: 0o400 });
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
};

export function startRabbitmq(): Promise<TestBroker> {
  return startBroker(rabbitmq);
}
