import { Injectable } from '@nestjs/common';
import { jsonTime } from '#libs/database/json-time';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import { type EventContext, EventSubjects } from './event-subjects.contract.js';
import type { EventResponse, EventsQuery } from './events.contract.js';

const SELECT = `SELECT e.id, e.kind, e.type, e.v, e.cause, e.request, e.actor, e.trace, e.at, e.data, e.about,
       json_build_object('kind', e.subject_kind, 'id', e.subject_id, 'version', e.subject_version) AS subject,
       (SELECT coalesce(json_agg(json_build_object('consumer', d.consumer, 'queue', d.queue, 'epoch', d.epoch, 'relayedAt', ${jsonTime('d.relayed_at')},
                 'handledAt', ${jsonTime('d.handled_at')}, 'failedAt', ${jsonTime('d.failed_at')}, 'attempts', d.attempts, 'errors', d.errors) ORDER BY d.consumer), '[]')
          FROM events.delivery d WHERE d.event = e.id) AS deliveries,
       (SELECT coalesce(json_agg(x.id ORDER BY x.id), '[]') FROM events.event x WHERE x.cause = e.id) AS effects
  FROM events.event e`;

/** In a subquery of its own: what a list holds is guessed badly, and the events from the newest on would be read until a page is full. */
const ABOUT = 'e.id = ANY (ARRAY(SELECT x.id FROM events.event x WHERE x.about @> ARRAY[?::text]))';

/** The outbox as admins read it. */
@Injectable()
export class EventViews {
  constructor(
    private readonly transaction: Transaction,
    private readonly subjects: EventSubjects,
  ) {}

  /** Newest first. */
  async list({ about, actor, type, cause, kind, open, failed, limit, after }: EventsQuery): Promise<Page<EventResponse>> {
    const [before] = readCursor(after, 'uuid') ?? ['ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const parameters: unknown[] = [before, limit + 1];
    const and = (value: unknown, condition: string): string =>
      value === undefined ? '' : ` AND ${condition.replace('?', `$${parameters.push(value)}`)}`;
    // only the conditions that were asked for: PostgreSQL finds no index for EXISTS below an OR
    const rows = await this.transaction.query<EventResponse>(
      `${SELECT} WHERE e.id < $1${and(about, ABOUT)}${and(cause, 'e.cause = ?')}${and(kind, 'e.kind = ?')}
        ${and(actor, 'e.actor = ?')}${and(type, 'e.type = ?')}
        ${open ? 'AND EXISTS (SELECT FROM events.delivery d WHERE d.event = e.id AND d.handled_at IS NULL)' : ''}
        ${failed ? 'AND EXISTS (SELECT FROM events.delivery d WHERE d.event = e.id AND d.failed_at IS NOT NULL)' : ''}
        ORDER BY e.id DESC LIMIT $2`,
      parameters,
    );
    const named = await this.named(rows.slice(0, limit));
    return page(
      rows,
      limit,
      (row) => [row.id],
      (row) => named.get(row.id)!,
    );
  }

  async event(id: string): Promise<EventResponse | undefined> {
    const rows = await this.transaction.query<EventResponse>(`${SELECT} WHERE e.id = $1`, [id]);
    return (await this.named(rows)).get(id);
  }

  private async named(rows: EventResponse[]): Promise<Map<string, EventResponse>> {
    const subjects = await this.subjects.find([...new Set(rows.flatMap(({ about, subject }) => [...about, subject.id]))]);
    return new Map(rows.map((row) => [row.id, { ...row, context: contextOf(row, subjects) }]));
  }
}

/** The chapter that an event is about says its work and author, too. */
function contextOf({ about, subject }: EventResponse, subjects: Map<string, EventContext>): EventContext | null {
  const found = [subject.id, ...about].flatMap((id) => subjects.get(id) ?? []);
  return found.find(({ chapter }) => chapter) ?? found[0] ?? null;
}
