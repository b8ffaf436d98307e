// An answer of XML-RPC to a value: saxes reads the XML, a stack of what is open makes the value. No more than is needed to
// be fair: no faults, dates or bytes.
import { SaxesParser } from 'saxes';

const scalars = {
  string: (text) => text,
  int: Number,
  i4: Number,
  i8: Number,
  double: Number,
  boolean: (text) => text === '1',
};

export function readAnswer(xml) {
  const parser = new SaxesParser();
  const open = [];
  let text = '';
  let value;
  parser.on('opentag', ({ name }) => {
    text = '';
    if (name === 'struct') open.push({ into: {}, name: undefined });
    else if (name === 'array') open.push({ into: [] });
  });
  parser.on('text', (part) => (text += part));
  parser.on('closetag', ({ name }) => {
    if (name === 'name') open.at(-1).name = text;
    else if (Object.hasOwn(scalars, name)) value = scalars[name](text);
    else if (name === 'struct' || name === 'array') value = open.pop().into;
    else if (name === 'value') {
      const outer = open.at(-1);
      if (outer === undefined) return;
      if (Array.isArray(outer.into)) outer.into.push(value);
      else outer.into[outer.name] = value;
    }
  });
  parser.write(xml).close();
  return value;
}
