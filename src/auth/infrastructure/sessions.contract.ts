import type { SessionEnd } from '../domain/session.js';

export class SessionSummaryResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f008 */
  id!: string;
  /**
   * The User-Agent that signed in.
   * @example "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
   */
  device!: string;
  /**
   * When the password was given.
   * @example 2026-11-30T08:15:00.000Z
   */
  createdAt!: Date;
  /**
   * When its tokens were last refreshed.
   * @example 2026-11-30T09:05:00.000Z
   */
  refreshedAt!: Date;
  /** @example 2026-12-30T08:15:00.000Z */
  expiresAt!: Date;
  /** @example null */
  endedAt!: Date | null;
  /** @example signed-out */
  endedBecause!: SessionEnd | null;
  /**
   * Whether it is the session of this request.
   * @example true
   */
  current!: boolean;
}

export class SessionPage {
  items!: SessionSummaryResponse[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}
