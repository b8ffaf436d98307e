// A value as indented JSON, its parts told apart.

interface JsonProps {
  value: unknown;
}

/** Characters shown; more would make the page stutter. */
const SHOWN = 20_000;
const PARTS = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

export function Json({ value }: JsonProps) {
  const text = JSON.stringify(value, null, 2) ?? 'undefined';
  return (
    <code class="json">
      {colored(text.slice(0, SHOWN))}
      {text.length > SHOWN && <em>{`\n… ${text.length - SHOWN} characters more`}</em>}
    </code>
  );
}

function colored(text: string) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(PARTS)) {
    const [all, string, colon] = match;
    parts.push(text.slice(from, match.index));
    if (colon !== undefined) parts.push(<b>{string}</b>, colon);
    else parts.push(<i class={string === undefined ? 'plain' : 'string'}>{all}</i>);
    from = match.index + all.length;
  }
  return [...parts, text.slice(from)];
}
