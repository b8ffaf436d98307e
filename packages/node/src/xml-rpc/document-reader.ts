// Bytes in, a call or an answer out. What is open is a list, not a stack of calls: a document is as deep as it wants to
// be, until the limit says otherwise.

import { type Element, elements, type MethodCall, type MethodResponse } from './elements.js';
import { notXml, notXmlRpc } from './fault.js';
import { StrictXml } from './strict-xml.js';

/** An element that has begun. */
interface Open {
  readonly name: string;
  readonly element: Element;
  readonly children: unknown[];
  text: string;
}

const SOMETHING = /[^ \t\r\n]/;

/** Reads one document, in pieces of any length. Throws the RpcError that answers a wrong one, and is then done. */
export class DocumentReader {
  private readonly xml = new StrictXml(this);
  private readonly path: Open[] = [];
  private levels = 0;
  private root: unknown;

  /**
   * @param expected the document's element
   * @param depth how many arrays and structs there may be within each other (limits.xmlDepth)
   */
  constructor(
    private readonly expected: 'methodCall' | 'methodResponse',
    private readonly depth: number,
  ) {}

  write(bytes: Uint8Array): void {
    this.xml.write(bytes);
  }

  /** The document is over: what was read. */
  end(): unknown {
    this.xml.end();
    return this.root;
  }

  open(name: string): void {
    const parent = this.path.at(-1);
    const allowed = parent === undefined ? [this.expected] : parent.element.next(parent.children.length);
    const element = allowed.includes(name) ? elements.get(name) : undefined;
    if (element === undefined) throw misplaced(name, parent, allowed);
    if (parent !== undefined && SOMETHING.test(parent.text)) throw textBeside(parent);
    if (element.isLevel === true && ++this.levels > this.depth)
      throw notXml(`more than ${this.depth} arrays and structs within each other (limits.xmlDepth)`);
    this.path.push({ name, element, children: [], text: '' });
  }

  text(text: string): void {
    const inside = this.path.at(-1);
    // White space around the document's element: the parser refuses anything else.
    if (inside === undefined) return;
    const isMeant = inside.element.hasText && inside.children.length === 0;
    if (isMeant) inside.text += text;
    else if (SOMETHING.test(text)) throw textBeside(inside);
  }

  close(): void {
    const { name, element, children, text } = this.path.pop()!;
    if (children.length < element.least) throw notXmlRpc(`<${name}> lacks ${tags(element.next(children.length))}`);
    if (element.isLevel === true) this.levels--;
    const value = element.read(children, text);
    const parent = this.path.at(-1);
    if (parent === undefined) this.root = value;
    else parent.children.push(value);
  }
}

/** Reads a call that came whole. */
export function readCall(bytes: Uint8Array, depth: number): MethodCall {
  const reader = new DocumentReader('methodCall', depth);
  reader.write(bytes);
  return reader.end() as MethodCall;
}

/** Reads an answer that came whole. */
export function readResponse(bytes: Uint8Array, depth: number): MethodResponse {
  const reader = new DocumentReader('methodResponse', depth);
  reader.write(bytes);
  return reader.end() as MethodResponse;
}

function misplaced(name: string, parent: Open | undefined, allowed: readonly string[]): Error {
  // Only what can be an element here is repeated.
  const what = elements.has(name) ? `<${name}>` : 'an unknown element';
  const where = parent === undefined ? 'as the document' : `in <${parent.name}>`;
  return notXmlRpc(`${what} ${where}, where ${allowed.length === 0 ? 'no element' : tags(allowed)} may come`);
}

function textBeside({ name }: Open): Error {
  return notXmlRpc(`text in <${name}>, beside or instead of its elements`);
}

function tags(names: readonly string[]): string {
  return names.map((name) => `<${name}>`).join(' or ');
}
