import { migration } from '#libs/database/migration';

export const SchedulingBaseline1795996800400 = migration(
  'SchedulingBaseline1795996800400',
  `
  CREATE SCHEMA IF NOT EXISTS scheduling;

  CREATE TABLE scheduling.chore (
    name text PRIMARY KEY,
    every text NOT NULL,
    next_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    run integer NOT NULL DEFAULT 0 CHECK (run >= 0)
  );

  CREATE TABLE scheduling.chore_run (
    chore text NOT NULL REFERENCES scheduling.chore (name) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 1),
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    handled integer CHECK (handled >= 0),
    error text,
    PRIMARY KEY (chore, number)
  );
  CREATE INDEX chore_run_started_at ON scheduling.chore_run (started_at);
  `,
);
