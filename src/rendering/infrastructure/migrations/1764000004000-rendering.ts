import { migration } from '#libs/database/migration';

export const Rendering1764000004000 = migration(
  'Rendering1764000004000',
  `
  CREATE SCHEMA IF NOT EXISTS rendering;

  CREATE TABLE rendering.rendition (
    id uuid PRIMARY KEY,
    chapter_id uuid NOT NULL,
    work_id uuid NOT NULL,
    revision integer NOT NULL,
    title text NOT NULL,
    language text NOT NULL,
    voice text NOT NULL,
    theme text NOT NULL,
    cover text,
    wish_key text NOT NULL,
    requested_by uuid,
    state text NOT NULL,
    engine text,
    picture jsonb,
    frames_planned integer,
    film jsonb,
    warnings jsonb NOT NULL,
    failure text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
  );
  CREATE INDEX rendition_chapter ON rendering.rendition (chapter_id, id);
  CREATE UNIQUE INDEX rendition_wish ON rendering.rendition (wish_key) WHERE state NOT IN ('failed', 'cancelled');

  CREATE TABLE rendering.artefact (
    key text PRIMARY KEY,
    kind text NOT NULL,
    fields jsonb NOT NULL,
    status text NOT NULL,
    epoch integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    frames_encoded integer NOT NULL DEFAULT 0,
    sha256 text,
    bytes bigint,
    frames integer,
    facts jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    made_at timestamptz
  );
  CREATE INDEX artefact_output ON rendering.artefact (sha256);

  CREATE TABLE rendering.part (
    rendition uuid NOT NULL REFERENCES rendering.rendition (id) ON DELETE CASCADE,
    idx integer NOT NULL,
    scene jsonb NOT NULL,
    blocks uuid[] NOT NULL,
    sound_key text NOT NULL REFERENCES rendering.artefact (key),
    sound_reused boolean NOT NULL,
    segment_key text REFERENCES rendering.artefact (key),
    segment_reused boolean,
    frames integer,
    PRIMARY KEY (rendition, idx)
  );
  CREATE INDEX part_sound ON rendering.part (sound_key);
  CREATE INDEX part_segment ON rendering.part (segment_key);

  CREATE TABLE rendering.settings (
    work_id uuid PRIMARY KEY,
    on_publish boolean NOT NULL,
    voice text,
    theme text NOT NULL,
    version integer NOT NULL
  );
  `,
);
