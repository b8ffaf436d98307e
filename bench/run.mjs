// node run.mjs [--quick] [--only=codec,rpc,pubsub,conn,bundle,xml-rpc] [--contender=file.mjs]... [--names=a,b] [--out=file.json]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, mkdirSync, writeFileSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const opt = (k) =>
  args
    .filter((a) => a.startsWith(`--${k}=`))
    .flatMap((a) => a.slice(k.length + 3).split(','))
    .filter(Boolean);
const quick = args.includes('--quick');
const suites = opt('only').length ? opt('only') : ['codec', 'rpc', 'pubsub', 'conn', 'bundle', 'xml-rpc'];
const names = opt('names');
const log = (s) => process.stderr.write(`[${new Date().toISOString().slice(11, 19)}] ${s}\n`);

// The peers are installed here, apart from the repository's own tools.
if (!existsSync(path.join(here, 'node_modules'))) {
  log('installing the peers');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

const files = readdirSync(path.join(here, 'contenders'))
  .filter((f) => f.endsWith('.mjs'))
  .map((f) => path.join(here, 'contenders', f));
files.push(...['sallyport.mjs', 'sallyport-tcp.mjs'].map((f) => path.join(here, f)));
files.push(...opt('contender').map((f) => path.resolve(f)));
const contenders = [];
for (const file of files) {
  try {
    const c = (await import(pathToFileURL(file).href)).default;
    if (!c?.name) continue; // a helper file
    if (names.length && !names.includes(c.name) && c.kind !== 'floor' && c.kind !== 'ours') continue;
    contenders.push({ ...c, file });
  } catch (e) {
    log(`cannot load ${path.basename(file)}: ${e.message}`);
  }
}
const order = { floor: 0, ceiling: 1, ours: 2, peer: 3 };
contenders.sort((a, b) => order[a.kind] - order[b.kind] || a.name.localeCompare(b.name));

const started = new Date();
const pkg = JSON.parse(readFileSync(path.join(here, 'package.json')));
const out = {
  started,
  quick,
  node: process.version,
  cpus: os.cpus().length,
  cpu: os.cpus()[0]?.model,
  load0: os.loadavg(),
  peers: pkg.dependencies,
  suites: {},
};
let md = `# Bench ${quick ? '(quick) ' : ''}${started.toISOString()}\n\nNode ${out.node}, ${out.cpus} x ${out.cpu}, load at start ${out.load0.map((x) => x.toFixed(2)).join(' ')}\n`;
for (const s of suites) {
  const t0 = Date.now();
  try {
    const mod = await import(`./suites/${s}.mjs`);
    const r = await mod[s]({ contenders, quick, log });
    out.suites[s] = { seconds: (Date.now() - t0) / 1000, load: os.loadavg(), ...(r.data && { data: r.data }) };
    md += `\n## ${s} (${((Date.now() - t0) / 1000).toFixed(0)} s, load after ${os.loadavg()[0].toFixed(2)})\n\n${r.markdown}\n`;
  } catch (e) {
    log(`${s} failed: ${e.stack}`);
    md += `\n## ${s}\n\nFAILED: ${e.message}\n`;
  }
}
out.seconds = (Date.now() - started) / 1000;
md += `\nWhole run: ${out.seconds.toFixed(0)} s\n`;
const dir = path.join(here, 'results');
mkdirSync(dir, { recursive: true });
const file =
  opt('out')[0] ?? path.join(dir, `${started.toISOString().replace(/[:.]/g, '-')}${quick ? '-quick' : ''}.json`);
writeFileSync(file, JSON.stringify(out, null, 1));
writeFileSync(file.replace(/\.json$/, '') + '.md', md);
console.log(md);
log(`written ${path.relative(process.cwd(), file)}`);
process.exit(0);
