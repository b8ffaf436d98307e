// The Debian packages that tests drive, which suites need which, and how CI comes by them. Only node: imports: this runs
// before anything is installed.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';

/** Suites of other people's programs, and the packages they need. */
const suites = [
  { files: 'test/interop/python-stomp.test.ts', packages: ['python3-stomp'] },
  { files: 'test/interop/ruby-stomp.test.ts', packages: ['ruby-stomp'] },
  { files: 'test/interop/perl-net-stomp.test.ts', packages: ['libnet-stomp-perl', 'libio-socket-ssl-perl'] },
  { files: 'test/interop/php-stomp.test.ts', packages: ['php-stomp', 'php-cli'] },
  { files: 'test/interop/python-{demo,xmlrpc}.test.ts', packages: ['python3'] },
  { files: 'test/interop/ruby-xmlrpc.test.ts', packages: ['ruby-xmlrpc'] },
  { files: 'test/interop/perl-frontier.test.ts', packages: ['libfrontier-rpc-perl', 'liblwp-protocol-https-perl'] },
  { files: 'test/interop/php-xmlrpc.test.ts', packages: ['php-xmlrpc', 'php-cli'] },
  { files: 'test/brokers/rabbitmq*.test.ts', packages: ['rabbitmq-server'] },
  { files: 'test/brokers/activemq*.test.ts', packages: ['activemq'] },
];

/** @returns {string[]} those of the packages that tests need which are not installed */
export function missingPackages() {
  const wanted = suites.flatMap(({ packages }) => packages);
  const query = ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...wanted];
  // It fails when one is unknown, and still tells of the others; without dpkg there is nothing.
  const { stdout } = spawnSync('dpkg-query', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const installed = new Set((stdout ?? '').split('\n').filter((line) => line.endsWith(' installed')));
  return wanted.filter((name) => !installed.has(`${name} installed`));
}

/** @returns {string[]} the files of the suites that cannot run without these packages */
export function suitesWithout(packages) {
  return suites.filter((suite) => suite.packages.some((name) => packages.includes(name))).map(({ files }) => files);
}

/** @returns {boolean} whether packages are ours to install */
export function mayInstall() {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Installs packages, all at once, without starting what they bring. */
export function installPackages(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  // Another installation may hold the lock for a while.
  const wait = ['-o', 'DPkg::Lock::Timeout=600'];
  withoutServices(() => {
    spawnSync('apt-get', [...wait, 'update', '-qq'], options);
    spawnSync('apt-get', [...wait, 'install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  });
}

/**
 * Brokers must not be started on their usual ports. What starts services for packages, with systemd and without, asks
 * this file first, and 101 forbids it (invoke-rc.d(8), deb-systemd-invoke(1p)). One that is there already stays, and
 * decides; ours forbids only as long as this process lives, in case that we do not come to remove it.
 */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  const file = openSync(policy, 'wx', 0o755);
  writeSync(file, `#!/bin/sh\nif kill -0 ${process.pid} 2>/dev/null; then exit 101; fi\n`);
  closeSync(file);
  try {
    install();
  } finally {
    rmSync(policy, { force: true });
  }
}
