// When queues hand out. What a transaction or a connection gives back comes one by one, from several hands; handed out
// meanwhile, a younger message would overtake an older one.

export class HandOut {
  private isHeld = false;
  private readonly due = new Set<() => void>();

  /** Does something that gives messages back; they are handed out once it is done. */
  after(work: () => void): void {
    if (this.isHeld) return work();
    this.isHeld = true;
    try {
      work();
    } finally {
      this.isHeld = false;
      const due = [...this.due];
      this.due.clear();
      for (const run of due) run();
    }
  }

  /** Whether it is not yet time; then `run` is called when it is. */
  defers(run: () => void): boolean {
    if (this.isHeld) this.due.add(run);
    return this.isHeld;
  }
}
