import { Agent, summary, table } from '../lib/measure.mjs';
export async function conn({ contenders, quick, log }) {
  const list = contenders.filter((c) => c.conn);
  const sizes = quick ? [1000] : [1000, 5000];
  const rounds = quick ? 1 : 3;
  const data = {},
    failed = {};
  for (const count of sizes)
    for (let r = 0; r < (count > 1000 ? 1 : rounds); r++)
      for (const c of list) {
        if (failed[c.name]) continue;
        const server = new Agent(c.file, { timeout: 90000 });
        const client = new Agent(c.file, { timeout: 90000 });
        try {
          const { address } = await server.do('serve', { suite: 'conn' });
          await client.do('connOpen', { address, count: 50, parallel: 10 }); // warm-up; these stay open
          const m0 = await server.do('mem');
          const c0 = await server.do('cpu');
          const v = await client.do('connOpen', { address, count, parallel: 32 });
          const c1 = await server.do('cpu');
          await new Promise((s) => setTimeout(s, 300));
          const m1 = await server.do('mem');
          const d = ((data[c.name] ??= {})[count] ??= { perSec: [], rss: [], heap: [], cpu: [] });
          d.perSec.push(v.perSec);
          d.cpu.push((c1 - c0) / count);
          d.rss.push((m1.rss - m0.rss) / count / 1024);
          d.heap.push(m1.heap === null ? NaN : (m1.heap - m0.heap) / count / 1024);
        } catch (e) {
          failed[c.name] = e.message.split('\n')[0].slice(0, 160);
          log(`conn: ${c.name} failed: ${failed[c.name]}`);
        }
        await Promise.all([server.kill(), client.kill()]);
        log(`conn: ${c.name} ${count}`);
      }
  const rows = [];
  for (const byCount of Object.values(data))
    for (const d of Object.values(byCount)) for (const k of Object.keys(d)) d[k] = summary(d[k]);
  for (const c of list)
    for (const count of sizes) {
      const d = data[c.name]?.[count];
      if (!d) {
        rows.push([c.name, count, failed[c.name] ?? '-', '-', '-', '-', '-', '-']);
        continue;
      }
      const f = data['floor-ws']?.[count];
      rows.push([
        c.name,
        count,
        d.perSec.median,
        f ? (d.perSec.median / f.perSec.median).toFixed(2) : '-',
        d.cpu.median,
        d.rss.median,
        d.heap.median,
        f && Number.isFinite(d.heap.median) ? (d.heap.median / f.heap.median).toFixed(2) : '-',
      ]);
    }
  return {
    data: { ...data, failed },
    markdown: table(
      [
        'contender',
        'connections',
        'connects/s',
        'of floor-ws',
        'server CPU us/connect',
        'server RSS KiB/conn',
        'server heap+external KiB/conn',
        'heap / floor-ws',
      ],
      rows,
    ),
  };
}
