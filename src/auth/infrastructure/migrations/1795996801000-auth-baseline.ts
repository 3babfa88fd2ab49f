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
    role text NOT NULL CHECK (role IN ('reader', 'author', 'moderator', 'admin')),
    created_at timestamptz NOT NULL,
    epoch integer NOT NULL CHECK (epoch >= 1),
    suspended_at timestamptz,
    suspended_because text,
    CONSTRAINT account_suspension_check CHECK ((suspended_at IS NULL) = (suspended_because IS NULL))
  );
  CREATE UNIQUE INDEX account_email ON auth.account (email);
  CREATE INDEX account_role ON auth.account (role, id);
  CREATE INDEX account_suspended ON auth.account (id) WHERE suspended_at IS NOT NULL;
  -- admins search anywhere in e-mail and name; the extension comes with PostgreSQL and may be created by the owner of a database
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX account_search ON auth.account USING gin (email gin_trgm_ops, lower(name) gin_trgm_ops);

  -- a refresh changes only columns without an index and finds room on the same page: the row never moves, no index grows
  CREATE TABLE auth.session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES auth.account (id) ON DELETE CASCADE,
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    generation integer NOT NULL CHECK (generation >= 1),
    rotated_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text
  ) WITH (fillfactor = 70);
  CREATE INDEX session_account ON auth.session (account_id, id);
  CREATE INDEX session_open ON auth.session (account_id, id) WHERE ended_at IS NULL;
  CREATE INDEX session_over ON auth.session (least(ended_at, expires_at));

  -- kept for as long as access tokens made before may live; web processes poll it by xid
  CREATE TABLE auth.revocation (
    xid bigint NOT NULL,
    subject uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('account', 'session')),
    epoch integer,
    at timestamptz NOT NULL,
    PRIMARY KEY (xid, subject),
    CONSTRAINT revocation_epoch_check CHECK ((kind = 'account') = (epoch IS NOT NULL))
  );
  `,
);
