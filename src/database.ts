import { dataSourceOptions, type Schema } from '#libs/database/database.module';
import { eventsSchema } from '#libs/events/events.module';
import { httpSchema } from '#libs/http/http.module';
import { liveSchema } from '#libs/live/live.schema';
import { schedulingSchema } from '#libs/scheduling/scheduling.module';
import type { DataSourceOptions } from 'typeorm';
import { authSchema } from './auth/index.js';
import { chaptersSchema } from './chapters/index.js';
import { commentsSchema } from './comments/index.js';
import { renderingSchema } from './rendering/index.js';

/** Every table and every migration of the one database; each module owns a Postgres schema of its name. */
export const SCHEMAS: Schema[] = [
  eventsSchema,
  httpSchema,
  liveSchema,
  schedulingSchema,
  authSchema,
  chaptersSchema,
  commentsSchema,
  renderingSchema,
];

/** How long what each table holds is kept: docs/retention.md, which a test compares with this. */
export const RETENTION: Record<string, string> = Object.assign(
  { 'public.migration': 'For ever: one row for each migration.' },
  ...SCHEMAS.map(({ retention }) => retention),
) as Record<string, string>;

export const NEWEST_MIGRATION = SCHEMAS.flatMap((schema) => schema.migrations)
  .map((step) => new step().name)
  .sort((a, b) => a.slice(-13).localeCompare(b.slice(-13)))
  .at(-1)!;

export const databaseOptions = (url: string, pool = 2): DataSourceOptions => dataSourceOptions(url, pool, SCHEMAS);
