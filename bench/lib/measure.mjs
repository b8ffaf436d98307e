// Small shared helpers: statistics, tables, time, child agents.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
export const now = () => performance.now();

export function median(xs) {
  if (!xs.length) return NaN;
  const s = [...xs].sort((a, b) => a - b);
  const m = s.length >> 1;
  return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2;
}
export const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];

// Ratio of two series measured in the same rounds: the median of the ratios round by round.
export function pairedRatio(xs, ys) {
  if (!xs?.length || !ys?.length) return NaN;
  return median(xs.slice(0, ys.length).map((x, i) => x / ys[i]));
}
export function summary(xs) {
  return { median: median(xs), min: Math.min(...xs), max: Math.max(...xs), rounds: xs };
}

export function fmt(x) {
  if (x === undefined || x === null || Number.isNaN(x)) return '-';
  if (typeof x === 'string') return x;
  const a = Math.abs(x);
  if (a >= 1e6) return (x / 1e6).toFixed(2) + 'M';
  if (a >= 1e4) return (x / 1e3).toFixed(1) + 'k';
  if (a >= 100) return x.toFixed(0);
  if (a >= 10) return x.toFixed(1);
  return x.toFixed(a >= 1 ? 2 : 3);
}

export function table(head, rows) {
  const line = (cells) => '| ' + cells.map((c) => fmt(c)).join(' | ') + ' |';
  return [line(head), '|' + head.map(() => '---').join('|') + '|', ...rows.map(line)].join('\n');
}

// User + system CPU time in microseconds of another process (for brokers we spawn).
// Assumes the usual 100 ticks per second of Linux.
export function procCpuMicros(pid) {
  const s = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const f = s.slice(s.lastIndexOf(')') + 2).split(' ');
  return (Number(f[11]) + Number(f[12])) * 10000;
}
export function procRssBytes(pid) {
  const m = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return m ? Number(m[1]) * 1024 : NaN;
}

// A child process that loads one contender and obeys orders sent over IPC.
export class Agent {
  constructor(file, { timeout = 60000, env = {} } = {}) {
    this.timeout = timeout;
    this.seq = 0;
    this.waiting = new Map();
    this.stderr = '';
    this.child = fork(fileURLToPath(new URL('./agent.mjs', import.meta.url)), [file], {
      execArgv: ['--expose-gc', '--no-warnings'],
      env: { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1', NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr.on('data', (d) => {
      if (this.stderr.length < 4000) this.stderr += d;
    });
    this.child.on('message', (m) => {
      const w = this.waiting.get(m.id);
      if (!w) return;
      this.waiting.delete(m.id);
      clearTimeout(w.timer);
      if (m.error) w.reject(new Error(m.error));
      else w.resolve(m.value);
    });
    this.child.on('exit', (code, sig) => {
      this.dead = true;
      for (const w of this.waiting.values()) {
        clearTimeout(w.timer);
        w.reject(new Error(`agent exited (${sig ?? code}): ${this.stderr.slice(0, 400)}`));
      }
      this.waiting.clear();
    });
  }
  do(op, args = {}, timeout = this.timeout) {
    if (this.dead) return Promise.reject(new Error('agent is dead: ' + this.stderr.slice(0, 300)));
    const id = ++this.seq;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`timeout in ${op}`));
      }, timeout);
      this.waiting.set(id, { resolve, reject, timer });
      this.child.send({ id, op, args });
    });
  }
  async kill() {
    if (this.dead) return;
    await this.do('bye', {}, 3000).catch(() => {});
    if (!this.dead) this.child.kill('SIGKILL');
  }
}
