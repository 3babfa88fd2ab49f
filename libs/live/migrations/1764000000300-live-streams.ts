import { migration } from '#libs/database/migration';

/** A stream's row is updated for every event: the free half of its page lets Postgres do that in place (HOT). */
export const LiveStreams1764000000300 = migration(
  'LiveStreams1764000000300',
  `
  CREATE SCHEMA IF NOT EXISTS live;

  CREATE TABLE live.stream (
    key text PRIMARY KEY,
    head bigint NOT NULL
  ) WITH (fillfactor = 50);

  CREATE TABLE live.event (
    key text NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    body json NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (key, seq)
  );
  `,
);
