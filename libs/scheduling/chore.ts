/**
 * Recurring work. A worker process finds every decorated method of its providers; a lease in PostgreSQL lets one process at a time
 * run a chore. After an outage a chore runs once, however many runs it missed.
 *
 *     @Chore('purge-idempotency', '1 h')
 *     purge(run: ChoreRun): Promise<number> {
 *       return run.batches(1_000, () => this.deleteSome(1_000));
 *     }
 */
import { SetMetadata } from '@nestjs/common';

export const CHORE = 'inkreel:chore';

export interface ChoreOptions {
  /** Unique in the product; admins see it. */
  readonly name: string;
  /** From the end of a run to the start of the next. */
  readonly every: Period;
}

export type Period = `${number} ${'s' | 'min' | 'h' | 'd'}`;

/** What a chore gets for one run. */
export interface ChoreRun {
  /**
   * Repeats a short transaction until it handles fewer than `size` rows, the process stops, or another process has taken over.
   * @returns how many rows all of them handled
   */
  batches(size: number, batch: () => Promise<number>): Promise<number>;
  /** Renews the lease. False ends the run: the process stops, or another process has taken over. */
  goOn(): Promise<boolean>;
}

/** The method gets a `ChoreRun` and returns how many things it handled. */
export const Chore = (name: string, every: Period): MethodDecorator & ChoreDecorator =>
  SetMetadata<string, ChoreOptions>(CHORE, { name, every });

type ChoreDecorator = (
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<(run: ChoreRun) => Promise<number>>,
) => void;
