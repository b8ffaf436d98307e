// STOMP by hand, apart from the code that it tries: frames to bytes and back, as much as the load needs.

const NUL = 0;

/** A frame as bytes. Header values are escaped as 1.1 and 1.2 have it, except in CONNECT. */
export function encode(command, headers, body = '') {
  const bytes = Buffer.from(body);
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}:${command === 'CONNECT' ? value : escape(value)}`,
  );
  if (bytes.length > 0) lines.push(`content-length:${bytes.length}`);
  return Buffer.concat([
    Buffer.from(`${command}\n${lines.map((line) => `${line}\n`).join('')}\n`),
    bytes,
    Buffer.of(NUL),
  ]);
}

/** Takes bytes in pieces of any size, and gives the frames that are whole. */
export class FrameReader {
  #held = Buffer.alloc(0);

  /** @returns {{ command: string, headers: Record<string, string>, body: string }[]} */
  push(chunk) {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next() {
    let at = 0;
    while (this.#held[at] === 0x0a || this.#held[at] === 0x0d) at++;
    if (at > 0) this.#held = this.#held.subarray(at);
    const end = this.#held.indexOf('\n\n');
    if (end === -1) return undefined;
    const [command, ...lines] = this.#held.toString('utf8', 0, end).split('\n');
    const headers = Object.fromEntries(lines.map(splitHeader).reverse());
    const from = end + 2;
    const length = headers['content-length'];
    const to = length === undefined ? this.#held.indexOf(NUL, from) : from + Number(length);
    if (to === -1 || to >= this.#held.length) return undefined;
    if (this.#held[to] !== NUL) throw new Error(`no NUL behind the body of ${command}`);
    const body = this.#held.toString('utf8', from, to);
    this.#held = this.#held.subarray(to + 1);
    return { command, headers, body };
  }
}

function splitHeader(line) {
  const colon = line.indexOf(':');
  return [unescape(line.slice(0, colon)), unescape(line.slice(colon + 1))];
}

function escape(value) {
  return String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(':', '\\c');
}

function unescape(value) {
  return value.replace(/\\([\\nrc])/g, (_, letter) => ({ '\\': '\\', n: '\n', r: '\r', c: ':' })[letter]);
}
