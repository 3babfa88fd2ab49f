import { migration } from '#libs/database/migration';

/** What the sweep knows: artefacts it is about to give up, and the objects there are. */
export const Sweep1764200004200 = migration(
  'Sweep1764200004200',
  `
  ALTER TABLE rendering.artefact ADD COLUMN deleting_at timestamptz;
  CREATE INDEX artefact_deleting ON rendering.artefact (deleting_at) WHERE deleting_at IS NOT NULL;
  CREATE INDEX rendition_under_way ON rendering.rendition (id) WHERE state IN ('planning', 'rendering', 'assembling');

  CREATE TABLE rendering.object (
    sha256 text PRIMARY KEY,
    pinned_until timestamptz NOT NULL,
    deleting_until timestamptz
  );
  INSERT INTO rendering.object (sha256, pinned_until)
    SELECT sha256, now() + interval '1 day' FROM rendering.artefact WHERE sha256 IS NOT NULL
    UNION
    SELECT picture->>'sha256', now() + interval '1 day' FROM rendering.rendition WHERE picture IS NOT NULL
    UNION
    SELECT file.value, now() + interval '1 day' FROM rendering.rendition,
           LATERAL (VALUES (film->>'sha256'), (film->>'poster'), (film->>'webvtt'), (film->>'srt'), (film->>'cues')) AS file(value)
     WHERE film IS NOT NULL;
  `,
);
