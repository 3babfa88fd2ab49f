/**
 * A take-down: an admin hides something of an author from readers, with a reason that its author is told. What is taken down
 * stays stored, and an admin can put it back.
 *
 *     takeDown(by: Actor, reason: string, now: Date): WorkTakenDown {
 *       Object.assign(this.state, takenDown(this.state, reason, now));
 *       …
 *     }
 */
import { DomainError } from './domain-error.js';

/** Part of the state of whatever can be taken down: both are set, or neither. */
export interface TakeDownState {
  takenDownAt: Date | null;
  takenDownBecause: string | null;
}

/** UTF-16 units of what an admin gives as the reason. */
export const MAX_TAKE_DOWN_REASON = 500;

export const NOT_TAKEN_DOWN: TakeDownState = { takenDownAt: null, takenDownBecause: null };

/** @throws AlreadyTakenDown, TakeDownReasonNeeded */
export function takenDown({ takenDownAt }: TakeDownState, reason: string, now: Date): TakeDownState {
  if (takenDownAt) throw new AlreadyTakenDown();
  const because = reason.normalize('NFC').trim();
  if (!because || because.length > MAX_TAKE_DOWN_REASON) throw new TakeDownReasonNeeded();
  return { takenDownAt: now, takenDownBecause: because };
}

/** @throws NotTakenDown */
export function putBack({ takenDownAt }: TakeDownState): TakeDownState {
  if (!takenDownAt) throw new NotTakenDown();
  return NOT_TAKEN_DOWN;
}

export class TakeDownReasonNeeded extends DomainError {
  readonly code = 'take-down-reason-needed';
  readonly kind = 'invalid';
  constructor() {
    super(`Give a reason of at most ${MAX_TAKE_DOWN_REASON} characters: it is recorded, and the author is told.`);
  }
}
export class AlreadyTakenDown extends DomainError {
  readonly code = 'already-taken-down';
  readonly kind = 'conflict';
  constructor() {
    super('This is taken down already. To give another reason, put it back first.');
  }
}
export class NotTakenDown extends DomainError {
  readonly code = 'not-taken-down';
  readonly kind = 'conflict';
  constructor() {
    super('This is not taken down, so it cannot be put back.');
  }
}
export class OnlyAdminsTakeDown extends DomainError {
  readonly code = 'only-admins-take-down';
  readonly kind = 'forbidden';
  constructor() {
    super('Only an admin can take something of others down or put it back.');
  }
}
