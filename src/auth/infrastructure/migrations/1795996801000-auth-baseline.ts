import { migration } from '#libs/database/migration';

export const AuthBaseline1795996801000 = migration(
  'AuthBaseline1795996801000',
  `
  CREATE SCHEMA IF NOT EXISTS auth;

  CREATE TABLE auth.account (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    epoch integer NOT NULL,
    suspended_at timestamptz,
    suspended_because text
  );
  CREATE UNIQUE INDEX account_email ON auth.account (email);

  -- a refresh changes only columns without an index and finds room on the same page: the row never moves, no index grows
  CREATE TABLE auth.session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    generation integer NOT NULL,
    rotated_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text
  ) WITH (fillfactor = 70);
  CREATE INDEX session_account ON auth.session (account_id);

  -- kept for as long as access tokens made before may live; web processes poll it by xid
  CREATE TABLE auth.revocation (
    xid bigint NOT NULL,
    subject uuid NOT NULL,
    kind text NOT NULL,
    epoch integer,
    at timestamptz NOT NULL,
    PRIMARY KEY (xid, subject)
  );
  `,
);
