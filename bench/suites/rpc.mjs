import { Agent, summary, pairedRatio, table } from '../lib/measure.mjs';

export async function rpc({ contenders, quick, log }) {
  const list = contenders.filter((c) => c.rpc);
  const rounds = quick ? 3 : 7;
  const ms = quick ? 300 : 700;
  const depths = [1, 64, 1024];
  const live = [],
    failed = {};
  for (const c of list) {
    const server = new Agent(c.file, { timeout: 30000 });
    const client = new Agent(c.file, { timeout: 30000 });
    try {
      const { address } = await server.do('serve', { suite: 'rpc' });
      await client.do('rpcConnect', { address });
      for (const d of depths)
        if (d <= (c.rpc.maxInflight ?? Infinity)) await client.do('rpcRun', { inflight: d, ms: 150 }); // warm-up
      live.push({ c, server, client, res: {} });
    } catch (e) {
      failed[c.name] = e.message.split('\n').slice(0, 2).join(' ').slice(0, 200);
      log(`rpc: ${c.name} failed: ${failed[c.name]}`);
      await Promise.all([server.kill(), client.kill()]);
    }
  }
  for (let r = 0; r < rounds; r++) {
    for (const d of depths)
      for (const l of live) {
        if (l.dead || d > (l.c.rpc.maxInflight ?? Infinity)) continue;
        try {
          const cpu0 = await l.server.do('cpu');
          const v = await l.client.do('rpcRun', { inflight: d, ms });
          const cpu1 = await l.server.do('cpu');
          (l.res[d] ??= []).push({
            ...v,
            cpuPerOp: (v.cpu + cpu1 - cpu0) / v.ops,
            serverCpuPerOp: (cpu1 - cpu0) / v.ops,
          });
        } catch (e) {
          l.dead = true;
          failed[l.c.name] = `at depth ${d}: ${e.message.slice(0, 160)}`;
          log(`rpc: ${l.c.name} ${failed[l.c.name]}`);
        }
      }
    log(`rpc: round ${r + 1} of ${rounds}`);
  }
  await Promise.all(live.flatMap((l) => [l.server.kill(), l.client.kill()]));
  const data = { failed };
  const rows = [];
  for (const l of live) {
    const d = (data[l.c.name] = {});
    for (const k of depths) {
      const vs = l.res[k];
      if (vs?.length)
        d[k] = Object.fromEntries(
          ['perSec', 'p50', 'p99', 'cpuPerOp', 'serverCpuPerOp'].map((f) => [f, summary(vs.map((v) => v[f]))]),
        );
    }
  }
  const med = (n, k, f) => data[n]?.[k]?.[f]?.median;
  const spread = (s) => (s ? `${(s.min / s.median).toFixed(2)}-${(s.max / s.median).toFixed(2)}` : '-');
  const ref = 'floor-net';
  for (const l of live) {
    const n = l.c.name;
    const paired = (k, f) => {
      const x = pairedRatio(data[n]?.[k]?.[f]?.rounds, data[ref]?.[k]?.[f]?.rounds);
      return Number.isFinite(x) ? x.toFixed(2) : '-';
    };
    const ratio = (k) => paired(k, 'perSec');
    rows.push([
      n,
      med(n, 1, 'p50'),
      med(n, 1, 'p99'),
      data[n][1]?.p50.min,
      paired(1, 'p50'),
      med(n, 1, 'perSec'),
      ratio(1),
      med(n, 64, 'perSec'),
      ratio(64),
      spread(data[n][64]?.perSec),
      med(n, 1024, 'perSec'),
      ratio(1024),
      spread(data[n][1024]?.perSec),
      med(n, 64, 'cpuPerOp'),
      med(n, 64, 'serverCpuPerOp'),
      paired(64, 'cpuPerOp'),
    ]);
  }
  for (const [n, why] of Object.entries(failed)) rows.push([n, 'FAILED', why, ...Array(13).fill('-')]);
  return {
    data,
    markdown: table(
      [
        'contender',
        'p50 us',
        'p99 us',
        'best p50',
        'p50 / floor-net',
        'calls/s @1',
        'of floor',
        '@64',
        'of floor',
        'min-max',
        '@1024',
        'of floor',
        'min-max',
        'CPU us/call @64 both',
        'server',
        'CPU / floor-net',
      ],
      rows,
    ),
  };
}
