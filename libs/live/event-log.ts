import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** An event as it is passed on: `json` is the finished text of a `LiveEventResponse`, made once, by Postgres. */
export interface StoredEvent {
  readonly seq: number;
  readonly type: string;
  readonly json: string;
}

/** The reading side of the streams' tables. Always on a connection of its own: it must see only what is committed. */
@Injectable()
export class EventLog {
  constructor(private readonly dataSource: DataSource) {}

  /** 0 for a stream nobody has written to yet. */
  async head(key: string): Promise<number> {
    return (await this.heads([key])).get(key) ?? 0;
  }

  async heads(keys: string[]): Promise<Map<string, number>> {
    const rows = await this.query<{ key: string; head: number }>(`SELECT key, head FROM live.stream WHERE key = ANY($1)`, [keys]);
    return new Map(rows.map(({ key, head }) => [key, head]));
  }

  /** The events with `after < seq <= upTo`, the oldest first, at most `limit`. */
  async read(key: string, after: number, upTo: number, limit: number): Promise<StoredEvent[]> {
    return this.query<StoredEvent>(
      `SELECT seq, type,
         '{"seq":' || seq || ',"type":' || to_json(type) || ',"at":"'
           || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","body":' || body || '}' AS json
       FROM live.event WHERE key = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`,
      [key, after, upTo, limit],
    );
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.dataSource.query(sql, parameters);
  }
}
