import { DomainError } from './domain-error.js';

/**
 * At most `concurrent` tasks run at once and at most `queued` wait, first come first served; one more is refused at once.
 *
 *     const hashing = new ConcurrencyLimit({ concurrent: 2, queued: 100 });
 *     const hashed = await hashing.run(() => hash(password));
 */
export class ConcurrencyLimit {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: { readonly concurrent: number; readonly queued: number }) {}

  /** @throws ServerBusy when the queue is full */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.concurrent) this.running++;
    else if (this.waiting.length >= this.limits.queued) throw new ServerBusy();
    else await new Promise<void>((start) => this.waiting.push(start)); // whoever ends passes its slot on
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

/** A queue in this process is full: a 503 with Retry-After. */
export class ServerBusy extends DomainError {
  readonly code = 'server-busy';
  readonly kind = 'unavailable';
  constructor(retryAfter = 2) {
    super(`The server has more of this work waiting than it can take: send the request again in ${retryAfter} seconds.`, {
      retryAfter,
    });
  }
}
