// Tells when files have changed. It looks at them now and then, for that sees what notifications miss: files replaced by a
// rename, links that are turned to another folder, network drives.

import { stat } from 'node:fs/promises';
import { type Alarm, type Clock, systemClock } from '@sallyport/core';

export interface FileWatchOptions {
  /** Asked each time. */
  files: () => readonly string[];
  /** Runs when something has changed, and has then stayed the same from one look to the next. */
  changed: () => Promise<void>;
  /** How often to look, milliseconds. Default 500. */
  interval?: number;
  clock?: Clock;
}

/** What files look like, by path. */
type Looks = Map<string, string>;

export class FileWatch {
  /** As they were when `changed` last ran, or when they were first seen. */
  private known: Looks = new Map();
  private last: Looks = new Map();
  private alarm: Alarm | undefined;
  private readonly clock: Clock;

  constructor(private readonly options: FileWatchOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** Begins: what is there now is known. */
  async start(): Promise<void> {
    this.known = this.last = await this.looks();
    this.arm();
  }

  stop(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  /** Runs `changed` as if something had changed; what is there now is known then. */
  async run(): Promise<void> {
    this.known = this.last = await this.looks();
    await this.options.changed();
  }

  /** Looks once. */
  async look(): Promise<void> {
    const now = await this.looks();
    const differs = (before: Looks): boolean =>
      [...now].some(([path, look]) => before.has(path) && before.get(path) !== look);
    // Whoever writes two files, such as a certificate and its key, or one in several pieces, is given the time.
    const isSettled = !differs(this.last);
    const isChanged = differs(this.known);
    this.last = now;
    if (!isSettled) return;
    // A file that is named only since the last time is not a change of its own.
    this.known = isChanged ? now : new Map([...now, ...this.known]);
    if (isChanged) await this.options.changed();
  }

  private arm(): void {
    this.alarm = this.clock.after(this.options.interval ?? 500, () => {
      void this.look().finally(() => this.alarm && this.arm());
    });
  }

  private async looks(): Promise<Looks> {
    return new Map(await Promise.all(this.options.files().map(async (path) => [path, await lookOf(path)] as const)));
  }
}

async function lookOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return 'not there';
  }
}
