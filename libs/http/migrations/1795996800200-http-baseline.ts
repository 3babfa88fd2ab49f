import { migration } from '#libs/database/migration';

export const HttpBaseline1795996800200 = migration(
  'HttpBaseline1795996800200',
  `
  CREATE SCHEMA IF NOT EXISTS http;
  CREATE TABLE http.idempotency_record (
    key bytea PRIMARY KEY,
    fingerprint bytea NOT NULL,
    account_id uuid,
    attempt integer NOT NULL CHECK (attempt >= 1),
    lease_until timestamptz,
    status integer CHECK (status BETWEEN 100 AND 599),
    headers jsonb,
    body jsonb,
    about uuid[] NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX idempotency_record_at ON http.idempotency_record (at);
  CREATE INDEX idempotency_record_account ON http.idempotency_record (account_id);
  `,
);
