// The decoder of STOMP frames: what it makes of bytes must not depend on how they come, nor be more than its limits.

import { HeaderList, LimitError, ProtocolError } from '@sallyport/core';
import { Decoder, type DecoderOptions, encodeFrame, Frame, type Version, versions } from '@sallyport/core/stomp';
import { bytesOf, check, checkSame, octetsOf, pieces, singleBytes, type Target } from '../target.js';
import { clientFrames, serverFrames, stompWords, withVersion } from './stomp-words.js';

const limits = { headerLine: 200, headerCount: 10, frameHead: 1000, body: 2000, leadingEols: 4 };

/** What a decoder may hold: a frame that lacks its last byte. */
const MOST_HELD = limits.frameHead + limits.body + 1;

const HEAD_END = bytesOf('\n\n');

interface Outcome {
  frames: { command: string; headers: readonly string[]; body: string }[];
  failed: boolean;
}

export const clientDecoder = decoderTarget('client', withVersion(clientFrames), [
  '?CONNECT\naccept-version:1.2\nhost:h\n\n\0',
  '2SEND\ndestination:/queue/a\ncontent-length:3\n\na\0b\0\nSUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0',
  '2SEND\r\ndestination:/queue/a\\c\\n\\\\\\r\r\n\r\nhello\0\r\n\r\n',
  '1ACK\nmessage-id:1\nsubscription:1\n\n\0NACK\nmessage-id:1\nsubscription:1\n\n\0',
  '0SUBSCRIBE\ndestination: /queue/a \n\n\0',
]);

export const serverDecoder = decoderTarget('server', withVersion(serverFrames), [
  '?CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0',
  '2MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\ncontent-length:3\n\na\0b\0\n\n\n',
  '1ERROR\nmessage:no\\cgood\n\nbad\0',
]);

function decoderTarget(from: DecoderOptions['from'], inputs: Target['inputs'] & {}, seeds: string[]): Target {
  return {
    name: `stomp-decoder-${from}`,
    weight: 2,
    words: stompWords,
    seeds,
    inputs,
    run(input) {
      const version = versions.find((one) => one.endsWith(octetsOf(input.subarray(0, 1))));
      const wire = input.subarray(1);
      const whole = decode([wire], from, version);
      // What is wrong in a head that is not whole yet may be seen at once or when it is.
      const checkAlike = (chunks: Uint8Array[], { frames, failed }: Outcome, what: string): void => {
        const outcome = decode(chunks, from, version);
        const late = outcome.failed === failed ? outcome : decode([...chunks, HEAD_END], from, version);
        const early = outcome.failed === failed ? whole : decode([wire, HEAD_END], from, version);
        checkSame(late, early, what);
        checkSame(outcome.frames, frames, what);
      };
      checkAlike(pieces(wire), whole, 'in pieces and whole');
      if (wire.length < 2000) checkAlike(singleBytes(wire), whole, 'byte by byte and whole');
      if (version !== undefined) checkAgain(whole, from, version);
    },
  };
}

function decode(chunks: readonly Uint8Array[], from: DecoderOptions['from'], version: Version | undefined): Outcome {
  const decoder = new Decoder({ from, limits });
  decoder.version = version;
  const frames: Outcome['frames'] = [];
  try {
    for (const chunk of chunks) {
      const lent = chunk.slice();
      decoder.push(lent);
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(plain(frame));
      check(decoder.held <= MOST_HELD, `it holds ${decoder.held} bytes`);
      // It belongs to whoever lent it.
      lent.fill(0x21);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof LimitError)) throw error;
    return { frames, failed: true };
  }
  return { frames, failed: false };
}

function plain({ command, headers, body }: Frame): Outcome['frames'][number] {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return { command, headers: [...headers.pairs], body: octetsOf(bytes) };
}

/** What has been read can be written, and reads the same again. */
function checkAgain({ frames }: Outcome, from: DecoderOptions['from'], version: Version): void {
  const decoder = new Decoder({ from, limits: { ...limits, headerLine: 1e6, headerCount: 100, frameHead: 1e6 } });
  decoder.version = version;
  for (const frame of frames) {
    const { command, body: text } = frame;
    const wire = encodeFrame(new Frame(command as never, new HeaderList(frame.headers), bytesOf(text)), version);
    decoder.push(typeof wire === 'string' ? new TextEncoder().encode(wire) : wire);
    const again = decoder.next();
    check(again !== undefined, `written and read again there is no frame: ${JSON.stringify(frame)}`);
    const { headers, ...rest } = plain(again);
    const isEscaped = !['CONNECT', 'STOMP', 'CONNECTED'].includes(command);
    const expected = isEscaped && version === '1.2' ? frame.headers : withoutReturns(frame.headers);
    checkSame(
      { ...rest, headers: unsized(headers) },
      { command, body: text, headers: unsized(expected) },
      'again and first',
    );
  }
}

/** Only 1.2 has words for a carriage return; what cannot be said is left out. */
function withoutReturns(pairs: readonly string[]): string[] {
  return pairs.filter((_, at) => !(pairs[at - (at % 2)]! + pairs[at - (at % 2) + 1]!).includes('\r'));
}

/** Without content-length, which is the writer's matter. */
function unsized(pairs: readonly string[]): string[] {
  return pairs.filter((_, at) => pairs[at - (at % 2)] !== 'content-length');
}
