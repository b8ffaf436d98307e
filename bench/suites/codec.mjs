import { CASES } from '../lib/codec-run.mjs';
import { Agent, summary, pairedRatio, table } from '../lib/measure.mjs';

export async function codec({ contenders, quick, log }) {
  const list = contenders.filter((c) => c.codec);
  const rounds = quick ? 3 : 5;
  const ms = quick ? 60 : 150;
  const agents = list.map((c) => new Agent(c.file, { timeout: 20000 }));
  const res = {}; // case -> contender -> [perSec]
  const info = {};
  for (const name of Object.keys(CASES)) {
    res[name] = {};
    info[name] = {};
    for (let r = -1; r < rounds; r++) {
      // round -1 is warm-up
      for (let i = 0; i < list.length; i++) {
        const c = list[i];
        if (info[name][c.name]) continue;
        if (agents[i].dead) {
          agents[i] = new Agent(c.file, { timeout: 20000 });
        }
        try {
          const v = await agents[i].do('codec', { name, ms: r < 0 ? ms / 2 : ms });
          if (v.skipped) info[name][c.name] = v.skipped;
          else if (r >= 0) (res[name][c.name] ??= []).push(v);
        } catch (e) {
          info[name][c.name] = 'FAILED: ' + e.message.split('\n')[0].slice(0, 120);
          await agents[i].kill();
        }
      }
    }
    log(`codec: ${name}`);
  }
  await Promise.all(agents.map((a) => a.kill()));

  const rows = [];
  const data = {};
  for (const name of Object.keys(CASES)) {
    data[name] = {};
    for (const c of list) {
      const vs = res[name][c.name];
      data[name][c.name] = vs
        ? { perSec: summary(vs.map((v) => v.perSec)), mbps: summary(vs.map((v) => v.mbps)), sloppy: vs[0].sloppy }
        : { skipped: info[name][c.name] };
    }
    const floor = data[name].limit?.perSec;
    const best = Math.max(
      0,
      ...list
        .filter((c) => c.kind === 'peer' && !data[name][c.name].sloppy)
        .map((c) => data[name][c.name].perSec?.median ?? 0),
    );
    const bestPeer = list.map((c) => data[name][c.name].perSec).find((s) => s?.median === best);
    for (const c of list) {
      const d = data[name][c.name];
      if (d.skipped) {
        rows.push([name, c.name, '-', '-', '-', '-', d.skipped]);
        continue;
      }
      d.ofFloor = pairedRatio(d.perSec.rounds, floor?.rounds);
      d.ofBestPeer = pairedRatio(d.perSec.rounds, bestPeer?.rounds);
      rows.push([
        name,
        c.name,
        d.perSec.median,
        `${(d.perSec.min / d.perSec.median).toFixed(2)}-${(d.perSec.max / d.perSec.median).toFixed(2)}`,
        d.mbps.median,
        d.ofFloor,
        d.ofBestPeer.toFixed(2) + 'x' + (d.sloppy ? ' ! ' + d.sloppy : ''),
      ]);
    }
  }
  const names = list.filter((c) => c.kind !== 'floor').map((c) => c.name);
  const compact = table(
    ['case (frames/s, and times the best peer)', 'limit', ...names],
    Object.keys(CASES).map((name) => [
      name,
      data[name].limit?.perSec?.median ?? '-',
      ...names.map((n) => {
        const d = data[name][n];
        return d.skipped
          ? /^WRONG|FAILED/.test(d.skipped)
            ? d.skipped.slice(0, 34)
            : '-'
          : `${fmtK(d.perSec.median)} (${d.ofBestPeer.toFixed(2)}x)${d.sloppy ? '!' : ''}`;
      }),
    ]),
  );
  return {
    data,
    markdown:
      '`!` = does less than it must (no escapes, no content-length), so not counted as best peer.\n\n' +
      compact +
      '\n\n' +
      table(['case', 'contender', 'frames/s', 'min-max/median', 'MB/s', 'of limit', 'of best peer'], rows),
  };
}
const fmtK = (x) => (x >= 1e6 ? (x / 1e6).toFixed(2) + 'M' : x >= 1e3 ? (x / 1e3).toFixed(1) + 'k' : x.toFixed(0));
