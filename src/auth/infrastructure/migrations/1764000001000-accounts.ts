import { migration } from '#libs/database/migration';

export const Accounts1764000001000 = migration(
  'Accounts1764000001000',
  `
  CREATE SCHEMA IF NOT EXISTS auth;

  CREATE TABLE auth.account (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE UNIQUE INDEX account_email ON auth.account (email);

  CREATE TABLE auth.session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text
  );
  CREATE INDEX session_account ON auth.session (account_id);

  CREATE TABLE auth.refresh_token (
    hash text PRIMARY KEY,
    session_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz
  );
  CREATE INDEX refresh_token_session ON auth.refresh_token (session_id);
  `,
);
