// How a server's frames go out: each whole where messages have an end of their own, with an EOL behind it where that is
// asked for. Knows whether there is room for more.

import type { ByteStream } from '../channel.js';
import { concatBytes, encodeText } from '../text.js';

/** Nobody is sent messages in parts shorter than this, octets, whatever they ask for. */
const LEAST_MESSAGE = 4096;

export interface FrameWriterOptions {
  /** Puts an EOL behind each frame. */
  eolAfterFrames: boolean;
  /** Whether nothing is written any more. */
  isOver: () => boolean;
  /** Told of all that is written, for the heart-beats. */
  sent: () => void;
}

export class FrameWriter {
  private noRoom: Promise<void> | undefined;

  constructor(
    private readonly stream: ByteStream,
    private readonly options: FrameWriterOptions,
  ) {}

  /** Set while there is no room below: resolves when there is. */
  get full(): Promise<void> | undefined {
    return this.noRoom;
  }

  /** Over WebSocket nobody sees a message before its last octet has come; who takes parts of frames sees that more is coming. */
  cutMessages(longest: string | undefined): void {
    if (longest === undefined || this.stream.longestMessage === undefined || !/^\d{1,10}$/.test(longest)) return;
    this.stream.longestMessage = Math.max(Number(longest), LEAST_MESSAGE);
  }

  /** A frame, which may be in two parts. */
  frame(frame: string | Uint8Array | readonly [string, Uint8Array]): void {
    if (typeof frame === 'string') return this.write(this.options.eolAfterFrames ? frame + '\n' : frame);
    if (frame instanceof Uint8Array) this.write(frame);
    // Many clients over WebSocket take a message for a whole frame.
    else if (this.stream.longestMessage !== undefined) this.write(joined(frame));
    else frame.forEach((part) => this.write(part));
    if (this.options.eolAfterFrames) this.write('\n');
  }

  beat(): void {
    this.write('\n');
  }

  private write(piece: string | Uint8Array): void {
    if (this.options.isOver()) return;
    this.options.sent();
    const full = this.stream.send(piece);
    if (full === undefined || this.noRoom !== undefined) return;
    this.noRoom = full.then(() => {
      this.noRoom = undefined;
    });
  }
}

function joined([prefix, rest]: readonly [string, Uint8Array]): Uint8Array {
  const start = encodeText(prefix);
  return concatBytes([start, rest], start.length + rest.length);
}
