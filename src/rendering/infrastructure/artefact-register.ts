import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Mishaps } from '../domain/artefacts.js';
import type { Fields } from '../domain/keys.js';
import { type ArtefactKind, Artefacts, type Claim, type Ending, type Output } from '../domain/ports.js';
import { ObjectPins } from './object-pins.js';

/** How long a worker may be silent before its scene is given to another. */
const LEASE = `interval '10 s'`;

type Changed = [unknown[], number];

/** The register of artefacts in Postgres. Every lease question is one statement that compares with the database's clock. */
@Injectable()
export class ArtefactRegister extends Artefacts {
  /** How the record of attempts calls this process. */
  private readonly worker = `${hostname()}/${process.pid}`;

  constructor(
    private readonly transaction: Transaction,
    private readonly pins: ObjectPins,
  ) {
    super();
  }

  async want(kind: ArtefactKind, wanted: { key: string; fields: Fields; frames?: number }[]): Promise<Set<string>> {
    if (!wanted.length) return new Set();
    // in the order of keys: two films that want the same scenes wait for each other, never crosswise
    const unique = [...new Map(wanted.map((one) => [one.key, one])).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    await this.transaction.writing.query(
      `INSERT INTO rendering.artefact (key, kind, fields, status, frames)
       SELECT new.key, $1, new.fields, 'wanted', new.frames FROM unnest($2::text[], $3::jsonb[], $4::int[]) AS new(key, fields, frames)
       ON CONFLICT (key) DO NOTHING`,
      [
        kind,
        unique.map(({ key }) => key),
        unique.map(({ fields }) => JSON.stringify(fields)),
        unique.map(({ frames }) => frames ?? null),
      ],
    );
    return this.kept(unique.map(({ key }) => key));
  }

  /** Those that are ready, kept from the sweep until this transaction ends: by then a film's part refers to them. */
  private async kept(keys: string[]): Promise<Set<string>> {
    await this.transaction.writing.query(
      `UPDATE rendering.artefact SET status = 'ready', deleting_at = NULL WHERE key = ANY($1) AND status = 'deleting'`,
      [keys],
    );
    const rows = await this.transaction.query<{ key: string }>(
      `SELECT key FROM rendering.artefact WHERE key = ANY($1) AND status = 'ready' ORDER BY key FOR SHARE`,
      [keys],
    );
    return new Set(rows.map(({ key }) => key));
  }

  async fields(keys: string[]): Promise<Map<string, Fields>> {
    const rows = await this.transaction.query<{ key: string; fields: Fields }>(
      `SELECT key, fields FROM rendering.artefact WHERE key = ANY($1)`,
      [keys],
    );
    return new Map(rows.map(({ key, fields }) => [key, fields]));
  }

  async ready(keys: string[]): Promise<Map<string, Output>> {
    const rows = await this.transaction.query<Output & { key: string }>(
      `SELECT key, sha256, bytes, frames, facts FROM rendering.artefact WHERE key = ANY($1) AND status = 'ready'`,
      [keys],
    );
    return new Map(rows.map(({ key, ...output }) => [key, output]));
  }

  async claim(key: string): Promise<Claim | undefined> {
    // an attempt still open when the lease is free was never ended: its worker died or lost its way
    const rows = await this.transaction.query<{ epoch: number }>(
      `WITH mine AS (
         UPDATE rendering.artefact SET epoch = epoch + 1, lease_until = now() + ${LEASE}
          WHERE key = $1 AND status <> 'ready' AND (lease_until IS NULL OR lease_until < now()) RETURNING key, epoch),
       lost AS (
         UPDATE rendering.attempt a SET outcome = 'lost', ended_at = now() FROM mine WHERE a.key = mine.key AND a.outcome IS NULL)
       INSERT INTO rendering.attempt (key, epoch, worker) SELECT key, epoch, $2 FROM mine RETURNING epoch`,
      [key, this.worker],
    );
    return rows[0] && { key, epoch: rows[0].epoch, frames: 0 };
  }

  async renew({ key, epoch, frames }: Claim): Promise<boolean> {
    const rows = await this.transaction.query(
      `WITH mine AS (
         UPDATE rendering.artefact SET lease_until = now() + ${LEASE}, frames_encoded = greatest(frames_encoded, $3)
          WHERE key = $1 AND epoch = $2 AND status <> 'ready' RETURNING key, epoch),
       noted AS (UPDATE rendering.attempt a SET frames = $3 FROM mine WHERE a.key = mine.key AND a.epoch = mine.epoch)
       SELECT epoch FROM mine`,
      [key, epoch, frames],
    );
    return rows.length === 1;
  }

  hold(sha256s: readonly string[]): Promise<void> {
    return this.pins.hold(sha256s);
  }

  async finish({ key, epoch }: Claim, output: Output): Promise<boolean> {
    await this.pins.hold([output.sha256]);
    const [, changed] = (await this.transaction.writing.query(
      `UPDATE rendering.artefact SET status = 'ready', lease_until = NULL, deleting_at = NULL, made_at = now(),
              sha256 = $3, bytes = $4, frames = $5, facts = $6, frames_encoded = CASE WHEN kind = 'segment' THEN $5 ELSE 0 END
        WHERE key = $1 AND epoch = $2 AND status <> 'ready'`,
      [key, epoch, output.sha256, output.bytes, output.frames, JSON.stringify(output.facts)],
    )) as unknown as Changed;
    if (changed !== 1) return false;
    await this.transaction.query(
      `UPDATE rendering.attempt t SET outcome = 'made', ended_at = now(), frames = a.frames_encoded
         FROM rendering.artefact a WHERE a.key = t.key AND t.key = $1 AND t.epoch = $2`,
      [key, epoch],
    );
    return true;
  }

  async release({ key, epoch, frames }: Claim, { outcome, why }: Ending): Promise<void> {
    await this.transaction.query(
      `WITH mine AS (UPDATE rendering.artefact SET lease_until = NULL WHERE key = $1 AND epoch = $2 AND status <> 'ready')
       UPDATE rendering.attempt SET outcome = $3, why = $4, frames = $5, ended_at = now() WHERE key = $1 AND epoch = $2 AND outcome IS NULL`,
      [key, epoch, outcome, why?.slice(0, 2_000) ?? null, frames],
    );
  }

  async void(key: string): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE rendering.artefact SET status = 'wanted', lease_until = NULL, epoch = epoch + 1 WHERE key = $1 AND status = 'ready'`,
      [key],
    );
  }

  async mishaps(key: string): Promise<Mishaps> {
    const [row] = await this.transaction.query<Mishaps>(
      `SELECT (count(*) FILTER (WHERE t.outcome = 'crashed'))::int AS crashed, (count(*) FILTER (WHERE t.outcome = 'lost'))::int AS lost
         FROM rendering.attempt t JOIN rendering.artefact a ON a.key = t.key WHERE t.key = $1 AND t.epoch > a.forgiven`,
      [key],
    );
    return row;
  }

  async forgive(key: string): Promise<void> {
    await this.transaction.writing.query(`UPDATE rendering.artefact SET forgiven = epoch WHERE key = $1`, [key]);
  }

  async lapsed(): Promise<{ key: string; kind: ArtefactKind }[]> {
    // a moment's grace: when Postgres was away, all leases have lapsed, and their holders come back to renew them
    const [rows] = await this.transaction.writing.query<[{ key: string; kind: ArtefactKind }[], number]>(
      `WITH free AS (
         UPDATE rendering.artefact SET lease_until = NULL
          WHERE status <> 'ready' AND lease_until < now() - interval '1 s' RETURNING key, kind, epoch)
       UPDATE rendering.attempt a SET outcome = 'lost', ended_at = now() FROM free
        WHERE a.key = free.key AND a.epoch = free.epoch AND a.outcome IS NULL RETURNING free.key, free.kind`,
    );
    return rows;
  }

  async present(studio: string): Promise<void> {
    await this.transaction.query(
      `INSERT INTO rendering.studio (fingerprint, seen_at) VALUES ($1, now()) ON CONFLICT (fingerprint) DO UPDATE SET seen_at = now()`,
      [studio],
    );
  }
}
