import { migration } from '#libs/database/migration';

/** Who tried to make what, how far it came, and how it ended; and which tools a film is made with, and who has them. */
export const Attempts1764200002000 = migration(
  'Attempts1764200002000',
  `
  CREATE TABLE rendering.attempt (
    key text NOT NULL REFERENCES rendering.artefact (key) ON DELETE CASCADE,
    epoch integer NOT NULL,
    worker text NOT NULL,
    frames integer NOT NULL DEFAULT 0,
    outcome text,
    why text,
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (key, epoch)
  );
  CREATE INDEX artefact_leased ON rendering.artefact (lease_until) WHERE lease_until IS NOT NULL;

  ALTER TABLE rendering.artefact ADD COLUMN forgiven integer NOT NULL DEFAULT 0;

  ALTER TABLE rendering.part ADD COLUMN card boolean NOT NULL DEFAULT false;
  ALTER TABLE rendering.rendition ADD COLUMN studio text;
  ALTER TABLE rendering.rendition ADD COLUMN degraded boolean NOT NULL DEFAULT false;
  DROP INDEX rendering.rendition_wish;
  CREATE UNIQUE INDEX rendition_wish ON rendering.rendition (wish_key)
    WHERE state NOT IN ('failed', 'cancelled') AND NOT (degraded AND state = 'ready');
  CREATE TABLE rendering.studio (
    fingerprint text PRIMARY KEY,
    seen_at timestamptz NOT NULL
  );
  `,
);
