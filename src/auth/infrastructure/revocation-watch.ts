/**
 * Knows within a second which access tokens were revoked, without a query for each request. Every web process polls the log
 * twice a second by one indexed query; Redis only wakes it sooner. If what it knows is older than a second (Postgres is slow
 * or away, or this process was stopped), requests wait for a query that begins now, or are refused with 503.
 *
 * No commit is missed, however late it comes: each query also answers the lowest transaction that was still running
 * (`pg_snapshot_xmin`), and the next one reads from there. Transactions below it had ended and were visible.
 */
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { Config } from '#libs/config/config';
import { DomainError } from '#libs/kernel/domain-error';
import { Live } from '#libs/kernel/live';
import type { Authority } from '#libs/kernel/token-verifier';
import { RedisClients } from '#libs/redis/redis-clients';
import { type Revocation, REVOCATION_WAKE, RevocationLog } from './revocation-log.js';

const POLL_MS = 500;
const MAX_AGE_MS = 1_000;
const PURGE_MS = 60_000;
/** What a query may take before requests that wait for it are refused. */
const PATIENCE_MS = 2_000;
/** Entries outlive the tokens they refuse by this long, as transactions may commit late and clocks differ. */
const MARGIN_SECONDS = 120;

const CHANGES = `
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
         (SELECT coalesce(json_agg(json_build_object('kind', kind, 'subject', subject, 'epoch', epoch)), '[]')
            FROM auth.revocation WHERE xid >= $1::bigint AND at > now() - make_interval(secs => $2)) AS revocations`;

export class RevocationsUnavailable extends DomainError {
  readonly code = 'revocations-unavailable';
  readonly kind = 'unavailable';
  constructor() {
    super('It cannot be checked just now whether this access token was revoked: try again in a moment.');
  }
}

@Injectable()
export class RevocationWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RevocationWatch.name);
  /** By account or session: the first epoch that is accepted, and when all tokens before it have expired. */
  private readonly revoked = new Map<string, { epoch: number; until: number }>();
  /** Its own connection: when requests hold all others, it still knows. */
  private readonly pool: Pool;
  private readonly keepSeconds: number;
  private readonly timers: NodeJS.Timeout[] = [];
  private horizon = '0';
  /** When the last query that was answered began. */
  private asOf = -Infinity;
  private failedAt = -Infinity;
  private running?: Promise<void>;

  constructor(
    config: Config,
    log: RevocationLog,
    private readonly live: Live,
    private readonly redis: RedisClients,
  ) {
    this.keepSeconds = config.accessTokenSeconds + MARGIN_SECONDS;
    this.pool = new Pool({
      connectionString: config.database.url,
      max: 1,
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      statement_timeout: PATIENCE_MS,
      application_name: 'inkreel revocations',
      keepAlive: true,
    });
    this.pool.on('error', () => undefined); // an idle connection was cut: the next query opens another
    log.onCommitted((revocation) => this.apply(revocation));
  }

  onApplicationBootstrap(): void {
    const poll = (): void => void this.poll().catch(() => undefined); // requests learn of it by themselves
    poll();
    this.timers.push(
      setInterval(poll, POLL_MS),
      setInterval(() => this.forget(), PURGE_MS),
    );
    this.redis.subscribe(REVOCATION_WAKE, poll);
    this.redis.onReconnect(poll);
  }

  /** After the last request has been answered. */
  async onApplicationShutdown(): Promise<void> {
    this.timers.forEach(clearInterval);
    await this.pool.end().catch(() => undefined);
  }

  /** As long as polling works. */
  get isUpToDate(): boolean {
    return this.asOf >= performance.now() - MAX_AGE_MS;
  }

  /** Resolves at once as long as polling works. @throws RevocationsUnavailable */
  async upToDate(): Promise<void> {
    const needed = performance.now() - MAX_AGE_MS;
    while (this.asOf < needed) {
      // it is tried twice a second anyway: requests do not each wait for the same answer again
      if (performance.now() - this.failedAt < POLL_MS) throw new RevocationsUnavailable();
      await this.poll();
    }
  }

  /** To be asked after `upToDate`. */
  isRevoked({ actor, sessionId, epoch }: Authority): boolean {
    return this.revoked.has(sessionId) || (this.revoked.get(actor.id)?.epoch ?? 0) > epoch;
  }

  /** One query at a time: who comes meanwhile waits for the one that runs. */
  private poll(): Promise<void> {
    this.running ??= this.read().finally(() => (this.running = undefined));
    return this.running;
  }

  private async read(): Promise<void> {
    const began = performance.now();
    try {
      const { rows } = await this.pool.query<{ horizon: string; revocations: Revocation[] }>(CHANGES, [
        this.horizon,
        this.keepSeconds,
      ]);
      const [{ horizon, revocations }] = rows;
      for (const revocation of revocations) this.apply(revocation);
      if (BigInt(horizon) < BigInt(this.horizon)) {
        this.horizon = '0'; // another database cluster answers now: read all of its log
        return;
      }
      this.horizon = horizon;
      this.asOf = began;
    } catch (error) {
      this.failedAt = performance.now();
      this.logger.debug(`the revocations could not be read: ${(error as Error).message}`);
      throw new RevocationsUnavailable();
    }
  }

  private apply(revocation: Revocation): void {
    const { subject } = revocation;
    const epoch = revocation.kind === 'account' ? revocation.epoch : Infinity;
    const known = this.revoked.get(subject);
    if (known && known.epoch >= epoch) return;
    this.revoked.set(subject, { epoch, until: performance.now() + this.keepSeconds * 1_000 });
    if (revocation.kind === 'account') this.live.revoke(subject);
    else this.live.revokeSession(subject);
  }

  /** The tokens that these entries refuse have expired by now. */
  private forget(): void {
    const now = performance.now();
    for (const [subject, { until }] of this.revoked) if (until < now) this.revoked.delete(subject);
    this.pool
      .query('DELETE FROM auth.revocation WHERE at < now() - make_interval(secs => $1)', [this.keepSeconds])
      .catch(() => undefined); // in a minute, then
  }
}
