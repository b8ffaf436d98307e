export { ManualClock, settled } from './manual-clock.js';
export { memoryStreams, MemoryStream, type MemoryStreamOptions } from './memory-stream.js';
