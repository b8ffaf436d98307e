// What a server says on the terminal once its port is open.

import type { ServerAddress } from '@sallyport/node';
import { paint } from '../output.js';
import type { Settings } from '../settings/settings.js';

/** Where everything is. */
export function greeting(address: ServerAddress, settings: Settings): string {
  const at = `${hostName(address.host)}:${address.port}`;
  const { tls, page, dialect } = settings;
  const isPlain = tls?.required !== true && !isByCertificate(settings);
  const ways = (plain: string, secure: string): string[] => [
    ...(isPlain ? [`${plain}://${at}`] : []),
    ...(tls === undefined ? [] : [`${secure}://${at}`]),
  ];
  const scheme = isPlain ? 'http' : 'https';
  const xmlRpc = xmlRpcPath(settings);
  const rows: [name: string, ways: string[]][] = [
    ...(page === undefined ? [] : [['page', [paint('cyan', `${scheme}://${at}/`)]] as [string, string[]]]),
    ['STOMP', ways('tcp', 'tls')],
    ['WebSocket', ways('ws', 'wss')],
    ['JSON-RPC', [`${scheme}://${at}/rpc  (POST)`]],
    ...(xmlRpc === undefined ? [] : [['XML-RPC', [`${scheme}://${at}${xmlRpc}  (POST)`]] as [string, string[]]]),
    ...(dialect === undefined ? [] : [['oVirt', ways('ovirt', 'ovirt+tls')] as [string, string[]]]),
  ];
  const lines = rows.flatMap(([name, urls]) =>
    urls.map((url, index) => `    ${(index === 0 ? name : '').padEnd(11)}${url}${remark(url, tls)}`),
  );
  return `\n  ${paint('bold', 'Sallyport')} is listening, everything on one port:\n\n${lines.join('\n')}\n`;
}

function xmlRpcPath({ dialect, xmlRpc = dialect !== undefined }: Settings): string | undefined {
  return typeof xmlRpc === 'string' ? xmlRpc : xmlRpc ? '/RPC2' : undefined;
}

/** Whether nobody comes in but by a certificate, which takes TLS. */
function isByCertificate({ access }: Settings): boolean {
  return access?.certified !== undefined && access.users.length === 0 && access.anonymous === undefined;
}

/** Whom the port is open to. */
export function audience({ access, host }: Settings): string {
  if (access === undefined) return `everybody who reaches ${host} may do everything (--login says who may)`;
  const { users, anonymous, certified } = access;
  const who = [
    ...(users.length === 0 ? [] : [users.length === 1 ? users[0]!.name : `${users.length} users`]),
    ...(certified === undefined ? [] : ['whoever has a certificate']),
    ...(anonymous === undefined ? [] : ['strangers']),
  ];
  return who.length === 0 ? 'nobody may come in' : `${who.join(', ')} may come in`;
}

function remark(url: string, tls: Settings['tls']): string {
  return /^(ovirt\+)?tls:/.test(url) && tls?.cert === undefined ? '  (its certificate is made up: --insecure)' : '';
}

/** What somebody on this machine would type. */
export function hostName(host: string): string {
  if (['127.0.0.1', '0.0.0.0', '::1', '::'].includes(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
