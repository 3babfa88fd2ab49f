/** Where a window takes its time from; tests bring their own. */
export interface Timing {
  now(): number;
  /** @returns what to call to forget about it. */
  later(ms: number, work: () => void): () => void;
}

export const REAL_TIME: Timing = {
  now: () => performance.now(),
  later: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Does a piece of work at once when asked after a pause, and under load once per window, however often it is asked:
 * a lone message is not held back, a thousand a second cost one write per window. The window opens when the last run ends.
 */
export class Coalescer {
  private lastEnd = -Infinity;
  private running = false;
  private askedMeanwhile = false;
  private cancel?: () => void;
  private closed = false;

  /** @param work must not reject: what it leaves undone it must ask for again. */
  constructor(
    private readonly ms: number,
    private readonly work: () => void | Promise<void>,
    private readonly timing: Timing = REAL_TIME,
  ) {}

  ask(): void {
    if (this.closed || this.cancel) return;
    if (this.running) {
      this.askedMeanwhile = true;
      return;
    }
    const wait = this.lastEnd + this.ms - this.timing.now();
    if (wait <= 0) void this.run();
    else
      this.cancel = this.timing.later(wait, () => {
        this.cancel = undefined;
        void this.run();
      });
  }

  /** Nothing was asked and the window is over: it can be forgotten. */
  get isIdle(): boolean {
    return !this.running && !this.cancel && this.timing.now() >= this.lastEnd + this.ms;
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
    this.cancel = undefined;
  }

  private async run(): Promise<void> {
    this.running = true;
    this.askedMeanwhile = false;
    try {
      const doing = this.work();
      if (doing) await doing;
    } finally {
      this.lastEnd = this.timing.now();
      this.running = false;
    }
    if (this.askedMeanwhile) this.ask();
  }
}
