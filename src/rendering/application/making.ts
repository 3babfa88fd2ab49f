import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Artefacts, type Claim, Crashed, type Output } from '../domain/ports.js';

/** Called in the unit of work of an errand's effect; false when another run was faster and the effect must be left alone. */
export type Done = () => Promise<boolean>;

/** What was made is somebody else's to finish: no failure of ours, and nothing to try again. */
export class LeaseLost extends Error {
  constructor() {
    super('Another worker took this scene over meanwhile.');
  }
}

const RENEW_MS = 3_000;
/** How often it is asked whether any film still wants what is being made. */
const LOOK_MS = 1_000;
/** Postgres restarts in seconds; what is made by then is not thrown away for it. */
const [FINISH_TRIES, FINISH_PAUSE_MS] = [6, 1_000];

/**
 * Makes one artefact under a lease: whoever holds it makes it, renews while at it, and can finish only while it is still
 * theirs. Somebody else's lease is waited for: they finish, or it lapses. Every attempt is kept with the frames it encoded.
 */
@Injectable()
export class Making {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly artefacts: Artefacts,
  ) {}

  /**
   * @param work makes it; undefined when nobody wants it any more
   * @param isWanted asked again and again: when it says no, the work is stopped and nothing is said to have failed
   * @param then in the unit of work that registers it: moves along whoever waits for it
   * @throws LeaseLost
   */
  async make(
    key: string,
    done: Done,
    stop: AbortSignal,
    work: (claim: Claim, signal: AbortSignal) => Promise<Output | undefined>,
    then: () => Promise<void>,
    isWanted = (): Promise<boolean> => Promise.resolve(true),
  ): Promise<void> {
    const claim = await this.claimed(key, stop);
    if (!claim) return this.finish(done, then);
    const [lost, unwanted] = [new AbortController(), new AbortController()];
    const beat = setInterval(() => {
      this.artefacts.renew(claim).then(
        (mine) => mine || lost.abort(new LeaseLost()),
        () => undefined,
      );
    }, RENEW_MS);
    const look = setInterval(() => {
      isWanted().then(
        (yes) => yes || unwanted.abort(new Error('No film wants this scene any more.')),
        () => undefined,
      );
    }, LOOK_MS);
    try {
      const output = await work(claim, AbortSignal.any([stop, lost.signal, unwanted.signal]));
      await this.finish(done, then, claim, output);
    } catch (error) {
      if (lost.signal.aborted) throw lost.signal.reason;
      // whoever wants it again sends an errand of their own
      if (unwanted.signal.aborted && !stop.aborted) return this.finish(done, () => Promise.resolve(), claim);
      await this.artefacts.release(claim, ending(error as Error, stop)).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(beat);
      clearInterval(look);
    }
  }

  private async claimed(key: string, stop: AbortSignal): Promise<Claim | undefined> {
    for (;;) {
      stop.throwIfAborted();
      const claim = await this.artefacts.claim(key);
      if (claim || (await this.artefacts.ready([key])).size) return claim;
      await pause(500);
    }
  }

  private async finish(done: Done, then: () => Promise<void>, claim?: Claim, output?: Output): Promise<void> {
    for (let left = FINISH_TRIES; ; left--) {
      try {
        return await this.unitOfWork.run(async () => {
          if (claim && output && !(await this.artefacts.finish(claim, output))) throw new LeaseLost();
          if (claim && !output) await this.artefacts.release(claim, { outcome: 'unwanted' });
          await done();
          await then();
        });
      } catch (error) {
        if (!output || error instanceof LeaseLost || left <= 1) throw error;
        await pause(FINISH_PAUSE_MS);
      }
    }
  }
}

function ending(error: Error, stop: AbortSignal): Parameters<Artefacts['release']>[1] {
  if (stop.aborted) return { outcome: 'given back' };
  return { outcome: error instanceof Crashed ? 'crashed' : 'failed', why: error.message };
}

/** Waits no longer than until the signal; what is waited for may go on unheard. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    if (signal.aborted) leave();
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
