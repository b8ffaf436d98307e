// Physical limits, not protocols: what the machine does when there is nothing to understand.
const indexer = (needle) =>
  class {
    constructor(onFrame) {
      this.onFrame = onFrame;
      this.frame = { header: () => '', text: () => '' };
    }
    push(chunk) {
      let pos = 0;
      while ((pos = chunk.indexOf(needle, pos)) !== -1) {
        this.onFrame(this.frame);
        pos++;
      }
    }
  };
const Scan = indexer(0);
const slab = Buffer.alloc(1 << 20);

export default {
  name: 'limit',
  kind: 'floor',
  about: 'encode = memcpy of the ready frame; parse = Buffer.indexOf(0) from frame to frame, nothing decoded',
  codec: {
    limit: true,
    async encoder(frame) {
      const { wireBytes } = await import('../lib/codec-run.mjs');
      const wire = wireBytes(frame);
      const copy = () => {
        wire.copy(slab, 0);
        return slab;
      };
      return {
        encode: copy,
        encodeBatch: (b) => {
          let o = 0;
          for (let i = 0; i < b.length; i++) o += wire.copy(slab, o);
          return slab;
        },
      };
    },
    parser: (onFrame) => new Scan(onFrame),
  },
};
