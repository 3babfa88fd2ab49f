import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** An event as it is stored: its body holds ids only. `event-presenters.ts` makes of it what clients get. */
export interface StoredEvent {
  readonly seq: number;
  readonly type: string;
  /** ISO 8601 with milliseconds. */
  readonly at: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How far a stream has come, and in which history. */
export interface StreamPosition {
  readonly head: number;
  /** Another one after a backup was restored. */
  readonly epoch: string;
}

const EPOCH = `left(md5(installation.epoch || '/' || coalesce(s.resets, 0)), 16)`;
/** Evaluated once a query: it reads the server's control file. */
const INSTALLATION = `(SELECT live.installation_epoch() AS epoch OFFSET 0) AS installation`;

/** The reading side of the streams' tables. Always on a connection of its own: it must see only what is committed. */
@Injectable()
export class EventLog {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns also `first`: the oldest event that is kept, or the next one when none is. */
  async position(key: string): Promise<StreamPosition & { first: number }> {
    const [row] = await this.query<StreamPosition & { first: number }>(
      `SELECT coalesce(s.head, 0) AS head, ${EPOCH} AS epoch,
              coalesce((SELECT min(e.seq) FROM live.event AS e WHERE e.key = $1), coalesce(s.head, 0) + 1) AS first
         FROM ${INSTALLATION} LEFT JOIN live.stream AS s ON s.key = $1`,
      [key],
    );
    return row;
  }

  async positions(keys: string[]): Promise<Map<string, StreamPosition>> {
    const rows = await this.query<StreamPosition & { key: string }>(
      `SELECT asked.key, coalesce(s.head, 0) AS head, ${EPOCH} AS epoch
         FROM ${INSTALLATION} CROSS JOIN unnest($1::text[]) AS asked(key) LEFT JOIN live.stream AS s ON s.key = asked.key`,
      [keys],
    );
    return new Map(rows.map(({ key, ...position }) => [key, position]));
  }

  /** The events with `after < seq <= upTo`, the oldest first, at most `limit`. */
  async read(key: string, after: number, upTo: number, limit: number): Promise<StoredEvent[]> {
    return this.query<StoredEvent>(
      `SELECT e.seq, e.type, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e.body
         FROM live.event AS e WHERE e.key = $1 AND e.seq > $2 AND e.seq <= $3 ORDER BY e.seq LIMIT $4`,
      [key, after, upTo, limit],
    );
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.dataSource.query(sql, parameters);
  }
}
