import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Fields } from '../domain/keys.js';
import { type ArtefactKind, Artefacts, type Claim, type Output } from '../domain/ports.js';

/** How long a worker may be silent before its scene is given to another. */
const LEASE = `interval '10 s'`;

type Changed = [unknown[], number];

/** The register of artefacts in Postgres. Every lease question is one statement that compares with the database's clock. */
@Injectable()
export class ArtefactRegister extends Artefacts {
  constructor(private readonly transaction: Transaction) {
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
    return new Set((await this.ready(unique.map(({ key }) => key))).keys());
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
    const [rows] = await this.transaction.query<{ epoch: number }[]>(
      `UPDATE rendering.artefact SET epoch = epoch + 1, lease_until = now() + ${LEASE}
        WHERE key = $1 AND status <> 'ready' AND (lease_until IS NULL OR lease_until < now()) RETURNING epoch`,
      [key],
    );
    return rows[0] && { key, epoch: rows[0].epoch };
  }

  async renew({ key, epoch }: Claim, framesEncoded = 0): Promise<boolean> {
    const [, changed] = (await this.transaction.query(
      `UPDATE rendering.artefact SET lease_until = now() + ${LEASE}, frames_encoded = greatest(frames_encoded, $3)
        WHERE key = $1 AND epoch = $2 AND status <> 'ready'`,
      [key, epoch, framesEncoded],
    )) as unknown as Changed;
    return changed === 1;
  }

  async finish({ key, epoch }: Claim, output: Output): Promise<boolean> {
    const [, changed] = (await this.transaction.writing.query(
      `UPDATE rendering.artefact SET status = 'ready', lease_until = NULL, made_at = now(),
              sha256 = $3, bytes = $4, frames = $5, facts = $6, frames_encoded = CASE WHEN kind = 'segment' THEN $5 ELSE 0 END
        WHERE key = $1 AND epoch = $2 AND status <> 'ready'`,
      [key, epoch, output.sha256, output.bytes, output.frames, JSON.stringify(output.facts)],
    )) as unknown as Changed;
    return changed === 1;
  }

  async release({ key, epoch }: Claim): Promise<void> {
    await this.transaction.query(
      `UPDATE rendering.artefact SET lease_until = NULL WHERE key = $1 AND epoch = $2 AND status <> 'ready'`,
      [key, epoch],
    );
  }

  async void(key: string): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE rendering.artefact SET status = 'wanted', lease_until = NULL, epoch = epoch + 1 WHERE key = $1 AND status = 'ready'`,
      [key],
    );
  }
}
