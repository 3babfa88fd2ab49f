/**
 * The bin: what is deleted leaves every list and answer at once, can be restored for 30 days, and is erased then. The owner can
 * end that time early. A work takes its chapters along without a mark on each of them.
 */
import { DomainError } from '#libs/kernel/domain-error';

export const DAYS_IN_BIN = 30;

/** Part of the state of a work and of a chapter: both are set, or neither. */
export interface BinState {
  deletedAt: Date | null;
  /** From then on nobody can restore it, and a worker removes every row of it. */
  erasedAfter: Date | null;
}

export const NOT_DELETED: BinState = { deletedAt: null, erasedAfter: null };

export function putInBin(now: Date): BinState {
  return { deletedAt: now, erasedAfter: new Date(now.getTime() + DAYS_IN_BIN * 86_400_000) };
}

/** @throws NotInBin also when its time there is over. */
export function mustBeInBin({ erasedAfter }: BinState, now: Date): void {
  if (!erasedAfter || erasedAfter <= now) throw new NotInBin();
}

/** @throws NotDue when somebody could still restore it, or it was never deleted. */
export function mustBeDue({ erasedAfter }: BinState, now: Date): void {
  if (!erasedAfter || erasedAfter > now) throw new NotDue();
}

export class NotInBin extends DomainError {
  readonly code = 'not-in-bin';
  readonly kind = 'conflict';
  constructor() {
    super('This is not in the bin: GET /v1/bin lists what can be restored or erased. Delete it first to erase it.');
  }
}
export class WorkInBin extends DomainError {
  readonly code = 'work-in-bin';
  readonly kind = 'conflict';
  constructor() {
    super('The work of this chapter is in the bin: restore the work first.');
  }
}
export class NotDue extends DomainError {
  readonly code = 'not-due';
  readonly kind = 'conflict';
  constructor() {
    super('Its time in the bin is not over, so it is not erased yet.');
  }
}
