/** The clock and timer of a coalescer. Tests pass their own. */
export interface Timing {
  now(): number;
  /** @returns cancels it. */
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
 * Runs a piece of work at most once per window. The first request after a pause runs it at once, so a single message is not
 * delayed; a thousand requests a second cost one run per window. The window starts when the last run ends.
 */
export class Coalescer {
  private lastEnd = -Infinity;
  private running = false;
  private askedMeanwhile = false;
  private cancel?: () => void;
  private closed = false;

  /** @param work must not reject. If it leaves something undone, it calls `ask` again. */
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

  /** Nothing is requested or running, and the window is over: the coalescer can be dropped. */
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
