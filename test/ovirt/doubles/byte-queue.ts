// Bytes that have arrived and wait to be read: what the system keeps for a socket.

export class ByteQueue {
  private readonly chunks: Buffer[] = [];
  length = 0;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** One read: up to so many bytes, across the pieces in which they came. */
  take(most: number): Buffer {
    const taken: Buffer[] = [];
    let room = Math.min(most, this.length);
    this.length -= room;
    while (room > 0) {
      const chunk = this.chunks[0]!;
      taken.push(chunk.subarray(0, room));
      if (chunk.length > room) this.chunks[0] = chunk.subarray(room);
      else this.chunks.shift();
      room -= Math.min(room, chunk.length);
    }
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }
}
