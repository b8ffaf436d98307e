// sallyport serve: a broker and nothing else. Its clients call each other's services and watch each other's events.

import { type Command, readLine, UsageError } from '../command.js';
import { readConfig } from '../settings/config.js';
import { audience } from '../server/greeting.js';
import { readPort, readServerOptions, serverOptions, serverUsage, withXmlRpcPath } from '../settings/server-options.js';
import { runServer } from '../server/server-process.js';
import type { Settings } from '../settings/settings.js';

const usage = `Usage: sallyport serve [options]
       sallyport serve --config FILE [--port N] [--host ADDRESS]

Starts a broker on one port that TCP, WebSocket and HTTP share, and TLS if it is asked for. It has no methods of its own:
its clients serve them to each other. Without --login, --client-ca or --config everybody on this machine may do everything.

  --config FILE        users, their rights, and everything else, as JSON; it names whoever may come in
${serverUsage}
  --page               serve the page at /

Certificates, and what --config says of users, rights, origins and hosts, are read again when the files change and at
SIGHUP. Ends by SIGTERM or Ctrl-C: clients are sent elsewhere one after another; a second one ends it at once. Exit codes: 0 ended,
1 it failed, 2 the command line or the configuration is wrong.`;

/** What may be said beside a file. */
const besideConfig: readonly string[] = ['config', 'port', 'host'];

export const serve: Command = {
  summary: 'start a broker: services, events and queues for its clients',
  usage,
  async run(args) {
    const { config, ...values } = readLine(
      withXmlRpcPath(args),
      { ...serverOptions, config: { type: 'string' } },
      [],
    ).values;
    if (config === undefined) {
      const settings = readServerOptions(values, { page: false, tls: false });
      return runServer({ read: () => Promise.resolve(settings), reloads: true, hint });
    }
    const other = Object.keys(values).find((name) => !besideConfig.includes(name));
    if (other !== undefined) throw new UsageError(`--${other} does not go with --config: say it in the file`);
    const port = readPort(values.port);
    const read = async (): Promise<Settings> => {
      const settings = await readConfig(config);
      return { ...settings, port: port ?? settings.port, host: values.host ?? settings.host };
    };
    return runServer({ read, reloads: true, hint });
  },
};

function hint(_address: unknown, settings: Settings): string {
  return `  ${audience(settings)}. SIGTERM or Ctrl-C ends it.`;
}
