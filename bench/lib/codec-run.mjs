// Codec cases: what is encoded and parsed, and how it is timed.
const enc = new TextEncoder();
export const rfcEscape = (s) =>
  s.replace(/[\\\r\n:]/g, (c) => ({ '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' })[c]);

function body(bytes, seed = 'lorem ipsum dolor sit amet ') {
  const items = [];
  let n = 40;
  for (let i = 0; n < bytes; i++) {
    const t = seed + i;
    items.push(t);
    n += enc.encode(t).length + 3;
  }
  return JSON.stringify({ jsonrpc: '2.0', id: 4711, method: 'echo', params: items });
}
const base = { destination: '/rpc/echo', 'content-type': 'application/json', 'reply-to': '/temp-queue/r1' };
const many = {};
for (let i = 0; i < 18; i++) many['x-header-' + i] = i % 2 ? `value:${i}\\with\nescapes` : `plain value number ${i}`;

const small = { command: 'SEND', headers: base, body: body(120) };
const FRAMES = {
  small,
  medium: { command: 'SEND', headers: base, body: body(1536) },
  mediumUtf8: { command: 'SEND', headers: base, body: body(1536, 'größe žluťoučký кот 猫 ') },
  large: { command: 'SEND', headers: base, body: body(256 * 1024) },
  many: { command: 'SEND', headers: { destination: '/rpc/echo', ...many }, body: body(120) },
};
// The fourth header of `small` is content-length, which every encoder must add itself.

export function wireBytes(f) {
  const b = enc.encode(f.body);
  let h = f.command + '\n';
  for (const [k, v] of Object.entries(f.headers)) h += rfcEscape(k) + ':' + rfcEscape(v) + '\n';
  h += 'content-length:' + b.length + '\n\n';
  return Buffer.concat([Buffer.from(h), b, Buffer.from([0])]);
}

// name: [direction, frame, chunk size or batch, heartbeats between frames]
export const CASES = {
  'encode small': ['encode', 'small', 1],
  'encode small, 64 per tick': ['encode', 'small', 64],
  'encode medium': ['encode', 'medium', 1],
  'encode medium utf8': ['encode', 'mediumUtf8', 1],
  'encode large': ['encode', 'large', 1],
  'encode many headers': ['encode', 'many', 1],
  'parse small /64K': ['parse', 'small', 65536],
  'parse small /1400': ['parse', 'small', 1400],
  'parse small /1': ['parse', 'small', 1],
  'parse medium /64K': ['parse', 'medium', 65536],
  'parse medium /1400': ['parse', 'medium', 1400],
  'parse medium utf8 /64K': ['parse', 'mediumUtf8', 65536],
  'parse large /64K': ['parse', 'large', 65536],
  'parse large /1400': ['parse', 'large', 1400],
  'parse many headers /64K': ['parse', 'many', 65536],
  'parse heartbeats (20 per frame) /64K': ['parse', 'small', 65536, 20],
};

const streams = new Map();
// A server sends MESSAGE; some clients ignore anything else.
const parsed = (f) => ({ ...f, command: 'MESSAGE' });
function stream(frameName, chunk, beats) {
  const key = [frameName, chunk, beats].join();
  if (streams.has(key)) return streams.get(key);
  const one = Buffer.concat([wireBytes(parsed(FRAMES[frameName])), Buffer.alloc(beats, 10)]);
  const target = chunk === 1 ? 32 * 1024 : 1024 * 1024;
  const frames = Math.max(4, Math.round(target / one.length));
  const all = Buffer.concat(Array.from({ length: frames }, () => one));
  const chunks = [];
  for (let i = 0; i < all.length; i += chunk) chunks.push(Buffer.from(all.subarray(i, i + chunk)));
  const s = { frames, bytes: all.length, chunks };
  streams.set(key, s);
  return s;
}

// Every parsed frame is looked at as an application would: one routing header and the body text.
export async function runCodecCase(codec, name, ms) {
  const [dir, frameName, size, beats = 0] = CASES[name];
  const frame = FRAMES[frameName];
  if (codec.skip?.(name)) return { skipped: codec.skip(name) };

  if (dir === 'encode') {
    const wire = wireBytes(frame);
    const e = await codec.encoder(frame);
    if (!e) return { skipped: 'no encoder' };
    const batch = Array(size).fill(frame);
    const run =
      size === 1
        ? () => e.encode(frame)
        : e.encodeBatch
          ? () => e.encodeBatch(batch)
          : () => {
              let last;
              for (const f of batch) last = e.encode(f);
              return last;
            };
    const probe = await e.encode(frame);
    const sloppy = codec.limit ? undefined : checkEncoded(frame, probe);
    let frames = 0;
    const t0 = performance.now();
    let t;
    const inner = frameName === 'large' ? 1 : 16;
    do {
      for (let i = 0; i < inner; i++) {
        const r = run();
        if (r?.then) await r;
      }
      frames += inner * size;
      t = performance.now();
    } while (t - t0 < ms);
    const perSec = (frames / (t - t0)) * 1000;
    return { perSec, mbps: (perSec * wire.length) / 1e6, sloppy };
  }

  const s = stream(frameName, size, beats);
  let frames = 0,
    chars = 0,
    dest = 0,
    last = null,
    tail = 0;
  const p = await codec.parser((f) => {
    frames++;
    dest += f.header('destination').length;
    const text = f.text();
    chars += text.length;
    tail += text.charCodeAt(text.length - 1); // makes V8 flatten a rope, as JSON.parse would
    if (frames === s.frames) last = f;
  });
  if (!p) return { skipped: 'no parser' };
  const pass = () => {
    for (const c of s.chunks) p.push(c);
    return p.drain?.();
  };
  await pass();
  if (frames !== s.frames) return { skipped: `WRONG: ${frames} frames of ${s.frames}` };
  if (
    !codec.limit &&
    (chars !== s.frames * frame.body.length || dest !== s.frames * frame.headers.destination.length)
  ) {
    return { skipped: 'WRONG: body or header differs' };
  }
  const sloppy =
    !codec.limit && Object.entries(frame.headers).some(([k, v]) => last.header(k) !== v) ? 'no unescape' : undefined;
  let n = 0;
  const t0 = performance.now();
  let t;
  do {
    const r = pass();
    if (r?.then) await r;
    n++;
    t = performance.now();
  } while (t - t0 < ms);
  if (!codec.limit && Number.isNaN(tail)) return { skipped: 'WRONG: an empty body' };
  const perSec = ((n * s.frames) / (t - t0)) * 1000;
  return { perSec, mbps: (((n * s.bytes) / (t - t0)) * 1000) / 1e6, sloppy };
}

// Returns what the encoder does not do (undefined: all is well); throws when the frame is unusable.
function checkEncoded(frame, bytes) {
  const s = Buffer.from(bytes).toString();
  if (!s.startsWith(frame.command + '\n') || !s.includes('\n\n' + frame.body + '\0'))
    throw new Error('encoded frame is wrong: ' + JSON.stringify(s.slice(0, 200)));
  const missing = [];
  for (const [k, v] of Object.entries(frame.headers))
    if (!s.includes(`\n${rfcEscape(k)}:${rfcEscape(v)}\n`)) {
      missing.push('no escapes');
      break;
    }
  if (!s.includes(`\ncontent-length:${enc.encode(frame.body).length}\n`)) missing.push('no content-length');
  return missing.join(', ') || undefined;
}
