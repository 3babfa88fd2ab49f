/**
 * How many errands of one kind are at work at once in this worker. One more may start when it comes by an express queue and its share has
 * nothing at work: a scene takes seconds, and an author's first frame must not wait for scenes of somebody else. To speak and to draw have
 * slots of their own: a scene is spoken while another is drawn, and newcomers who are still to be spoken keep nobody from being drawn.
 *
 *     const leave = await slots.enter({ share: 'mira', express: true }, signal);
 */
export interface Entrant {
  readonly share: string;
  readonly express: boolean;
}

export class Slots {
  private readonly busy = new Set<Entrant>();
  private readonly waiting = new Map<Entrant, () => void>();
  /** Errands that were given room and are not here yet, and those who wait for room. */
  private coming = 0;
  private readonly called: (() => void)[] = [];

  constructor(private readonly most: number) {}

  /** @returns how to leave again. @throws the signal's reason when it is aborted first */
  async enter(entrant: Entrant, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (!this.mayGo(entrant)) await this.turn(entrant, signal);
    else this.busy.add(entrant);
    return () => {
      this.busy.delete(entrant);
      this.next();
    };
  }

  /** Waits until one that is not here yet would find a slot. @returns what to call when it is here, or does not come */
  async room(): Promise<() => void> {
    await new Promise<void>((resolve) => {
      this.called.push(resolve);
      this.callMore();
    });
    return () => {
      this.coming--;
      this.next();
    };
  }

  private mayGo({ share, express }: Entrant): boolean {
    if (this.busy.size < this.most) return true;
    return express && this.busy.size === this.most && ![...this.busy].some((one) => one.share === share);
  }

  private turn(entrant: Entrant, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.delete(entrant);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.set(entrant, () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      });
    });
  }

  /** Express first, else who came first. */
  private next(): void {
    for (const express of [true, false])
      for (const [entrant, go] of this.waiting) {
        if (entrant.express !== express || !this.mayGo(entrant)) continue;
        this.waiting.delete(entrant);
        this.busy.add(entrant);
        go();
      }
    this.callMore();
  }

  private callMore(): void {
    while (this.called.length && this.busy.size + this.waiting.size + this.coming < this.most) {
      this.coming++;
      this.called.shift()?.();
    }
  }
}
