import { migration } from '#libs/database/migration';

export const Script1764200001000 = migration(
  'Script1764200001000',
  `
  CREATE TABLE rendering.script (
    chapter_id uuid PRIMARY KEY,
    work_id uuid NOT NULL,
    version integer NOT NULL,
    blocks jsonb NOT NULL
  );

  CREATE TABLE rendering.lexicon (
    work_id uuid NOT NULL,
    version integer NOT NULL,
    entries jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (work_id, version)
  );

  CREATE TABLE rendering.picture (
    work_id uuid NOT NULL,
    sha256 text NOT NULL,
    object_key text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (work_id, sha256)
  );

  -- films made before had neither script nor lexicon
  ALTER TABLE rendering.rendition
    ADD COLUMN script jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN lexicon integer NOT NULL DEFAULT 0,
    ADD COLUMN pictures jsonb NOT NULL DEFAULT '{}';
  ALTER TABLE rendering.rendition
    ALTER COLUMN script DROP DEFAULT,
    ALTER COLUMN lexicon DROP DEFAULT,
    ALTER COLUMN pictures DROP DEFAULT;
  `,
);
