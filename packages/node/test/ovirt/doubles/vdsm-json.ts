// JSON and errors as Python writes them.

/** ASCII, with blanks behind commas and colons. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return ascii(JSON.stringify(value));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${ascii(JSON.stringify(name))}: ${pythonJson(member)}`).join(', ')}}`;
}

function ascii(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** An error whose message ends with a dictionary of details. */
export function pythonError(
  code: number,
  message: string,
  details: Record<string, string>,
): { code: number; message: string } {
  const pairs = Object.entries(details).map(([name, value]) => `'${name}': '${value}'`);
  return { code, message: `${message}: {${pairs.join(', ')}}` };
}
