/**
 * How much one author may ask for: films under way at once, and minutes of film in 24 hours. Checked before anything is
 * recorded, under a lock of that author's, so that requests to several web processes are counted one after the other.
 */
import { DomainError } from '#libs/kernel/domain-error';

export interface Quota {
  /** Films under way at once. */
  readonly underWay: number;
  /** Seconds of film asked for within 24 hours. */
  readonly secondsADay: number;
}

/** What an author has asked for already. */
export interface Use {
  readonly underWay: number;
  /**
   * Films asked for in the last 24 hours, oldest first, and how long each is. One that failed is not among them: it was not
   * had. One that was cancelled is: what was drawn of it stays, so asking again is cheap, and cancelling must not be free work.
   */
  readonly today: readonly { readonly at: Date; readonly seconds: number }[];
}

const DAY = 24 * 60 * 60;

/** Why one more film of so many seconds is too much now; undefined when it is not. */
export function refusal(quota: Quota, use: Use, seconds: number, now: Date): DomainError | undefined {
  if (use.underWay >= quota.underWay) return new TooManyUnderWay(use.underWay);
  if (seconds > quota.secondsADay) return new LongerThanADaysQuota(seconds, quota.secondsADay);
  let left = quota.secondsADay - use.today.reduce((sum, one) => sum + one.seconds, 0);
  if (seconds <= left) return undefined;
  // what was asked for a day ago is free again, one film after the other, until this one fits
  const enough = use.today.find((one) => (left += one.seconds) >= seconds)!;
  return new TooMuchInADay(quota.secondsADay, new Date(enough.at.getTime() + DAY * 1_000), now);
}

/** Seconds of film that a text gives, roughly: counted letters, not words, so that it costs nothing to ask (see `secondsOf`). */
export function expectedSeconds(texts: readonly string[]): number {
  const text = texts.join('\n');
  const count = (letters: RegExp): number => text.match(letters)?.length ?? 0;
  const unspaced = count(/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/gu);
  const words = count(/[\p{L}\p{N}]+/gu);
  return Math.ceil(unspaced * 0.25 + (count(/\p{L}/gu) - unspaced) * 0.062 + count(/\p{N}/gu) * 0.24 + words * 0.08);
}

export class TooManyUnderWay extends DomainError {
  readonly code = 'too-many-under-way';
  readonly kind = 'too-many';
  constructor(underWay: number) {
    super(
      `You have ${underWay} films under way, which is as many as one author may have. Ask again when one is done, or cancel one.`,
      {
        underWay,
        retryAfter: 60,
      },
    );
  }
}
export class TooMuchInADay extends DomainError {
  readonly code = 'too-much-in-a-day';
  readonly kind = 'too-many';
  constructor(secondsADay: number, at: Date, now: Date) {
    const retryAfter = Math.max(1, Math.ceil((at.getTime() - now.getTime()) / 1_000));
    super(
      `You may ask for ${minutes(secondsADay)} minutes of film in 24 hours, and this one would be more. Ask again after ${at.toISOString()}.`,
      {
        at: at.toISOString(),
        retryAfter,
      },
    );
  }
}
export class LongerThanADaysQuota extends DomainError {
  readonly code = 'longer-than-a-days-quota';
  readonly kind = 'conflict';
  constructor(seconds: number, secondsADay: number) {
    super(
      `The film would be about ${minutes(seconds)} minutes long, and one author may ask for ${minutes(secondsADay)} in 24 hours. ` +
        'Split the chapter, or have FILM_MINUTES_PER_DAY raised by whoever runs this server.',
      { seconds, secondsADay },
    );
  }
}

const minutes = (seconds: number): number => Math.ceil(seconds / 60);
