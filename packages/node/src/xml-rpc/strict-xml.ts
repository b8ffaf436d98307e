// The part of XML that XML-RPC needs: elements and texts, in UTF-8 or what is the same in it. Whatever could mean more than
// it says is refused: declarations of types and entities, processing instructions, attributes.

import { RpcError } from '@sallyport/core';
import { type SaxesOptions, SaxesParser } from 'saxes';
import { FaultCode, notXml, notXmlRpc } from './fault.js';

/** What a document consists of, in its order. */
export interface XmlEvents {
  open(name: string): void;
  text(text: string): void;
  close(name: string): void;
}

/** Apache's libraries declare where their `ex:nil` is from, which says nothing new; no other attribute is taken. */
const EXTENSIONS = { name: 'xmlns:ex', value: 'http://ws.apache.org/xmlrpc/namespaces/extensions' };

/** What ASCII is the same in. PHP declares iso-8859-1, and writes anything else as a character reference. */
const ASCII = /^(US-ASCII|ISO-8859-1)$/i;

/** The declaration of one of these, at the beginning of a document. */
const DECLARED = /^<\?xml[^>]*\sencoding\s*=\s*["'](US-ASCII|ISO-8859-1)["']/i;

/** How much of what the parser says is told again: it may repeat a name of any length. */
const TOLD = 200;

const options: SaxesOptions = { defaultXMLVersion: '1.0', forceXMLVersion: true };

export class StrictXml {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private readonly parser = new SaxesParser(options);
  private needsAscii = false;
  private isAscii = true;

  constructor(events: XmlEvents) {
    const { parser } = this;
    parser.on('xmldecl', ({ version, encoding }) => {
      if (version !== '1.0') throw notXml('only XML 1.0 is read here');
      this.needsAscii = encoding !== undefined && ASCII.test(encoding);
      if (encoding !== undefined && !this.needsAscii && encoding.toUpperCase() !== 'UTF-8') throw unsupported();
    });
    parser.on('doctype', () => {
      throw notXml('a document type declaration is refused');
    });
    parser.on('processinginstruction', () => {
      throw notXml('a processing instruction is refused');
    });
    parser.on('attribute', ({ name, value }) => {
      if (name !== EXTENSIONS.name || value !== EXTENSIONS.value) throw notXmlRpc('no element has attributes');
    });
    parser.on('opentagstart', ({ name }) => events.open(name));
    parser.on('text', (text) => events.text(text));
    parser.on('cdata', (text) => events.text(text));
    parser.on('closetag', ({ name }) => events.close(name));
  }

  /** Takes the next bytes. Throws an RpcError that answers them, and is then done. */
  write(bytes: Uint8Array): void {
    const text = this.decode(bytes);
    // Whatever is not ASCII has more bytes than characters.
    this.isAscii &&= text.length === bytes.length;
    this.parse(() => this.parser.write(text));
    if (this.needsAscii && !this.isAscii) throw unsupported();
  }

  /** There is nothing more. Throws as {@link write} does. */
  end(): void {
    this.decode(undefined);
    this.parse(() => this.parser.close());
  }

  private decode(bytes: Uint8Array | undefined): string {
    try {
      return this.decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      if (this.needsAscii || DECLARED.test(Buffer.from(bytes ?? []).toString('latin1', 0, 200))) throw unsupported();
      throw notXml('the document is not UTF-8', FaultCode.invalidEncoding);
    }
  }

  private parse(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw error instanceof RpcError ? error : notXml((error as Error).message.slice(0, TOLD));
    }
  }
}

function unsupported(): RpcError {
  return notXml('unsupported encoding: only UTF-8 is read here', FaultCode.unsupportedEncoding);
}
