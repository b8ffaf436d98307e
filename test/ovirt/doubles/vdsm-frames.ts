// Frames as vdsm's own STOMP takes them, on both of its sides: STOMP 1.2 to the letter in its headers, in CONNECT too, where
// STOMP itself has no escapes. Whatever is else ends the connection.

export interface VdsmFrame {
  readonly command: string;
  /** Escapes undone; of repeated headers the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0;

export class VdsmFrameReader {
  private held: Buffer = Buffer.alloc(0);

  /** All frames that are whole with this chunk. Throws for what vdsm does not take. */
  read(chunk: Buffer): VdsmFrame[] {
    this.held = Buffer.concat([this.held, chunk]);
    const frames: VdsmFrame[] = [];
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): VdsmFrame | undefined {
    const start = this.held.findIndex((byte) => byte !== LF && byte !== CR);
    this.held = this.held.subarray(start < 0 ? this.held.length : start);
    const text = this.held.toString('latin1');
    const gap = /\r?\n\r?\n/.exec(text);
    if (gap === null) return undefined;
    const [command = '', ...lines] = this.held.toString('utf8', 0, gap.index).split(/\r?\n/);
    const headers = readHeaders(lines);
    const begin = gap.index + gap[0].length;
    const length = headers.get('content-length');
    const end = length === undefined ? this.held.indexOf(NUL, begin) : begin + Number(length);
    if (end < 0 || end >= this.held.length) return undefined;
    if (this.held[end] !== NUL) throw new Error('no NUL where content-length says');
    const body = this.held.toString('utf8', begin, end);
    this.held = this.held.subarray(end + 1);
    return { command, headers, body };
  }
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [name, value, ...more] = line.split(':').map(unescaped);
    if (name === undefined || value === undefined) throw new Error(`a header without colon: ${line}`);
    if (more.length > 0) throw new Error(`a colon in the value of a header: ${line}`);
    if (!headers.has(name)) headers.set(name, value);
  }
  return headers;
}

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\r': '\r', '\\n': '\n', '\\c': ':' };

function unescaped(text: string): string {
  return text.replace(/\\.?/g, (sequence) => {
    const character = escapes[sequence];
    if (character === undefined) throw new Error(`an unknown escape: ${sequence}`);
    return character;
  });
}
