// The frames that vdsm's parser takes, one character a byte.

export interface WireFrame {
  command: string;
  /** Header lines as they came. */
  lines: string[];
  body: string;
  /** The first value of a name, unescaped. */
  header(name: string): string | undefined;
}

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r', '\\c': ':' };

/** The first frame of a text, and what follows it; or that more is needed, or that the connection is to be closed. */
export function readFrame(text: string): { frame: WireFrame; rest: string } | 'more' | 'broken' {
  const start = text.replace(/^(\r?\n)+/, '');
  const head = /^([^]*?)\r?\n\r?\n/.exec(start);
  if (head === null) return 'more';
  const [command = '', ...lines] = head[1]!.split(/\r?\n/);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [name, value] = line.split(':') as [string, string?];
    if (value === undefined || line.split(':').length > 2) return 'broken';
    const unescaped = unescape(value);
    if (unescaped === undefined) return 'broken';
    if (!headers.has(name)) headers.set(name, unescaped);
  }
  const after = start.slice(head[0].length);
  const length = headers.get('content-length');
  const end = length === undefined ? after.indexOf('\0') : Number(length);
  if (end === -1 || after.length <= end) return 'more';
  if (after[end] !== '\0') return 'broken';
  const frame = { command, lines, body: after.slice(0, end), header: (name: string) => headers.get(name) };
  return { frame, rest: after.slice(end + 1) };
}

function unescape(value: string): string | undefined {
  let isKnown = true;
  const text = value.replace(/\\[^]?/g, (escape) => {
    isKnown &&= escape in escapes;
    return escapes[escape] ?? '';
  });
  return isKnown ? text : undefined;
}
