import { IsString, MaxLength, MinLength } from 'class-validator';
import { MAX_TAKE_DOWN_REASON, type TakeDownState } from '#libs/kernel/take-down';

export class TakeDownBody {
  /**
   * Recorded, and told to the author.
   * @example "The text is a copy of a novel by another author."
   */
  @IsString() @MinLength(1) @MaxLength(MAX_TAKE_DOWN_REASON) reason!: string;
}

/** Why readers do not see something: an admin took it down. */
export class TakenDownResponse {
  /** @example 2026-11-30T09:05:00.000Z */
  at!: Date;
  /** @example "The text is a copy of a novel by another author." */
  reason!: string;
}

export class TakeDownResponse {
  /**
   * What was taken down.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003
   */
  id!: string;
  takenDown!: TakenDownResponse;
}

/** For the answers to those who may still see it; null when it is not taken down. */
export function presentTakeDown({ takenDownAt, takenDownBecause }: TakeDownState): TakenDownResponse | null {
  return takenDownAt && { at: takenDownAt, reason: takenDownBecause ?? '' };
}
