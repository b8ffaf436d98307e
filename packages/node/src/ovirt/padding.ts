// The shape in which engine's Java client reads every MESSAGE: how long it is, and how short its head.
//
// It reads into a buffer of 1024 bytes for heads, and expects a read to end where a frame does: of several small frames in
// one read it handles the first, and the others when more bytes come. A MESSAGE that is longer than the buffer cannot share
// it. Over TLS the same holds of records in its buffer of some 17 KB.

import { escapeHeader } from '@sallyport/core/stomp';
import { textLength } from '@sallyport/core';

/** The longest head that is written: it must fit into 1024 bytes together with the end of a short frame before it. */
export const LONGEST_HEAD = 400;

/** All the head that engine's client needs: it looks at neither destination nor subscription. */
const TERSE_HEAD = 'MESSAGE\n';

/** A frame that nothing is to follow soon may be this long without filling the buffer, bytes. */
const SHORT = 600;

/** A frame is that long at least while others follow, bytes. */
const PADDED = 1024;

/** Over TLS its last record is: two that long do not fit into the buffer together, nor does one beside a full one. */
const PADDED_RECORD = 8800;

/** The longest record (RFC 8446, section 5.1). */
const RECORD = 16 * 1024;

export interface Shape {
  /** Whether TLS is spoken. */
  secure: boolean;
  /** Whether other frames went out just before, or will just after. */
  isClose: boolean;
  /** Whether destination and subscription may be left out. */
  isTerse: boolean;
}

export interface ShapedMessage {
  readonly frame: string;
  /** Bytes. */
  readonly length: number;
  /** Whether it could be read together with the next frame. */
  readonly isShort: boolean;
}

/**
 * A MESSAGE of JSON, behind which blanks mean nothing. TCP cuts where it likes what is written while more is under way. A
 * head in pieces is fatal to engine's client once three lines of it are there, so that one of two lines is safe.
 */
export function shapedMessage(head: string, text: string, { secure, isClose, isTerse }: Shape): ShapedMessage {
  const lines = isClose && isTerse ? TERSE_HEAD : head;
  const body = textLength(text);
  const ending = (bytes: number): string => `content-length:${bytes}\n\n`;
  const natural = textLength(lines) + ending(body).length + body + 1;
  const missing = secure ? missingOfRecord(natural, isClose) : missingOfFrame(natural, isClose);
  const end = ending(body + missing);
  const frame = `${lines}${end}${missing === 0 ? text : text + ' '.repeat(missing)}\0`;
  // The blanks may make the number longer, too.
  const length = natural + missing + end.length - ending(body).length;
  return { frame, length, isShort: length < (secure ? PADDED_RECORD : PADDED) };
}

function missingOfFrame(length: number, isClose: boolean): number {
  return length >= PADDED || (!isClose && length <= SHORT) ? 0 : PADDED - length;
}

/** What stands alone may be short, if it is one record. */
function missingOfRecord(length: number, isClose: boolean): number {
  const last = length % RECORD;
  if (last === 0 || last >= PADDED_RECORD || (!isClose && length < RECORD)) return 0;
  return PADDED_RECORD - last;
}

/** The head of a MESSAGE for a subscription; undefined if it would be too long for engine's client. */
export function messageHead(destination: string, subscription: string): string | undefined {
  const escape = (value: string): string => escapeHeader(value, '1.2', 'value')!;
  const named = `destination:${escape(destination)}\ncontent-type:application/json\nsubscription:${escape(subscription)}\n`;
  const head = 'MESSAGE\n' + named;
  return textLength(head) > LONGEST_HEAD ? undefined : head;
}
