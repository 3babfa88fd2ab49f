/**
 * The rows behind Idempotency-Key. A key is taken in a statement of its own: its row is pending, with a lease, while the request runs.
 * The answer is stored in the transaction of the effect, under the number of the attempt that took the key, so that an attempt whose
 * lease ran out and was taken over can no longer commit.
 */
import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';

/** How long a request may run. After this a repeat takes the key over, and the first can no longer commit. */
const LEASE_SECONDS = 60;
const KEPT_HOURS = 24;

export interface StoredResponse {
  fingerprint: Buffer;
  /** Null while the request runs. */
  status: number | null;
  headers: Record<string, string> | null;
  body: unknown;
  /** Seconds until the lease of a pending one ends; at least 1. */
  retryAfter: number;
}

export type Taken = { attempt: number } | { stored: StoredResponse };

@Injectable()
export class IdempotencyRecords {
  constructor(private readonly transaction: Transaction) {}

  /** Takes the key, or tells what is known of it. A row that is too old, or whose request died, is taken over. */
  async take(key: Buffer, fingerprint: Buffer, accountId: string | undefined): Promise<Taken> {
    // twice: between the two statements a row may have been released
    for (;;) {
      const [row] = await this.transaction.query<{ attempt: number }>(
        `INSERT INTO http.idempotency_record AS r (key, fingerprint, account_id, attempt, lease_until)
         VALUES ($1, $2, $5, 1, now() + make_interval(secs => $3))
         ON CONFLICT (key) DO UPDATE
            SET fingerprint = EXCLUDED.fingerprint, attempt = r.attempt + 1, lease_until = EXCLUDED.lease_until,
                status = NULL, headers = NULL, body = NULL, at = now()
          WHERE r.at < now() - make_interval(hours => $4) OR (r.status IS NULL AND r.lease_until < now())
         RETURNING attempt`,
        [key, fingerprint, LEASE_SECONDS, KEPT_HOURS, accountId ?? null],
      );
      if (row) return row;
      const [stored] = await this.transaction.query<StoredResponse>(
        `SELECT fingerprint, status, headers, body,
                greatest(1, ceil(extract(epoch FROM lease_until - now())))::int AS "retryAfter"
           FROM http.idempotency_record WHERE key = $1`,
        [key],
      );
      if (stored) return { stored };
    }
  }

  /**
   * In the unit of work of the effect.
   * @param about ids of what the request and its answer are about: when one of these is erased, the answer's words are.
   * @returns false when another attempt has taken the key: the effect must not commit.
   */
  async store(
    key: Buffer,
    attempt: number,
    { status, headers, body }: Omit<StoredResponse, 'fingerprint' | 'retryAfter'>,
    about: readonly string[],
  ) {
    const [, changed] = (await this.transaction.query<never>(
      `UPDATE http.idempotency_record SET status = $3, headers = $4, body = $5, about = $6, lease_until = NULL
        WHERE key = $1 AND attempt = $2 AND status IS NULL`,
      [key, attempt, status, headers, body === undefined ? null : JSON.stringify(body), about],
    )) as unknown as [unknown, number];
    return changed === 1;
  }

  /** Removes the bodies of stored answers about these. Status and headers stay, so that a repeat still changes nothing. */
  async eraseBodies(about: readonly string[]): Promise<void> {
    await this.transaction.query(
      `UPDATE http.idempotency_record SET body = NULL WHERE about && $1::uuid[] AND body IS NOT NULL`,
      [about],
    );
  }

  /** The request was refused or failed, and changed nothing: the key may be used again, also for a corrected body. */
  async release(key: Buffer, attempt: number): Promise<void> {
    await this.transaction.query(`DELETE FROM http.idempotency_record WHERE key = $1 AND attempt = $2 AND status IS NULL`, [
      key,
      attempt,
    ]);
  }

  /**
   * Removes the answers to the requests of an account, and the answer to its sign-up. A request of it that still runs can no
   * longer commit.
   */
  async removeOf(accountId: string): Promise<void> {
    await this.transaction.query(
      `DELETE FROM http.idempotency_record WHERE account_id = $1 OR (account_id IS NULL AND body->>'id' = $2)`,
      [accountId, accountId],
    );
  }
}
