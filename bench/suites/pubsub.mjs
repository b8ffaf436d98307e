import { Agent, summary, pairedRatio, table } from '../lib/measure.mjs';
export async function pubsub({ contenders, quick, log }) {
  const list = contenders.filter((c) => c.pubsub);
  const rounds = quick ? 3 : 5;
  const ms = quick ? 400 : 1000;
  const sizes = [1, 100, 1000];
  const data = {},
    failed = {};
  for (const subs of sizes) {
    const window = subs === 1 ? 256 : subs === 100 ? 32 : 8;
    const live = [];
    for (const c of list) {
      const server = new Agent(c.file, { timeout: 40000 });
      const client = new Agent(c.file, { timeout: 40000 });
      try {
        const { address } = await server.do('serve', { suite: 'pubsub' });
        await client.do('subConnect', { address, subs });
        await client.do('pubRun', { ms: 150, window });
        live.push({ c, server, client, runs: [] });
      } catch (e) {
        (failed[c.name] ??= {})[subs] = e.message.split('\n')[0].slice(0, 120);
        log(`pubsub: ${c.name} with ${subs} failed: ${e.message.slice(0, 200)}`);
        await Promise.all([server.kill(), client.kill()]);
      }
    }
    for (let r = 0; r < rounds; r++)
      for (const l of live) {
        if (l.dead) continue;
        try {
          const a = await l.server.do('cpu');
          const v = await l.client.do('pubRun', { ms, window });
          const b = await l.server.do('cpu');
          l.runs.push({ perSec: v.perSec, serverCpu: (b - a) / v.delivered, clientCpu: v.cpu / v.delivered });
        } catch (e) {
          l.dead = true;
          (failed[l.c.name] ??= {})[subs] = e.message.slice(0, 120);
        }
      }
    for (const l of live)
      if (l.runs.length)
        (data[l.c.name] ??= {})[subs] = Object.fromEntries(
          ['perSec', 'serverCpu', 'clientCpu'].map((f) => [f, summary(l.runs.map((r) => r[f]))]),
        );
    await Promise.all(live.flatMap((l) => [l.server.kill(), l.client.kill()]));
    log(`pubsub: ${subs} subscribers done`);
  }
  const rows = [];
  const ref = 'floor-ws';
  for (const c of list) {
    const row = [c.name];
    for (const s of sizes) {
      const d = data[c.name]?.[s],
        f = data[ref]?.[s];
      if (!d) {
        row.push(failed[c.name]?.[s] ? 'FAILED' : '-', '-', '-', '-', '-');
        continue;
      }
      row.push(
        d.perSec.median,
        f ? pairedRatio(d.perSec.rounds, f.perSec.rounds).toFixed(2) : '-',
        `${(d.perSec.min / d.perSec.median).toFixed(2)}-${(d.perSec.max / d.perSec.median).toFixed(2)}`,
        d.serverCpu.median.toFixed(2),
        f ? pairedRatio(d.serverCpu.rounds, f.serverCpu.rounds).toFixed(2) : '-',
      );
    }
    rows.push(row);
  }
  const notes = Object.entries(failed)
    .map(([n, w]) => `- ${n}: ${JSON.stringify(w)}`)
    .join('\n');
  return {
    data: { ...data, failed },
    markdown:
      table(
        [
          'contender',
          ...sizes.flatMap((s) => [
            `deliveries/s, ${s} subs`,
            'of floor-ws',
            'min-max',
            'server CPU us/delivery',
            'CPU / floor-ws',
          ]),
        ],
        rows,
      ) + (notes ? '\n\n' + notes : ''),
  };
}
