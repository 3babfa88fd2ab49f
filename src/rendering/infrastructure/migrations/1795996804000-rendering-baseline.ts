import { migration } from '#libs/database/migration';

export const RenderingBaseline1795996804000 = migration(
  'RenderingBaseline1795996804000',
  `
  CREATE SCHEMA IF NOT EXISTS rendering;

  CREATE TABLE rendering.rendition (
    id uuid PRIMARY KEY,
    chapter_id uuid NOT NULL,
    work_id uuid NOT NULL,
    author_id uuid NOT NULL,
    revision integer NOT NULL CHECK (revision >= 1),
    title text NOT NULL,
    language text NOT NULL,
    voice text NOT NULL,
    fallback_voice text,
    theme text NOT NULL,
    cover text,
    script jsonb NOT NULL,
    lexicon integer NOT NULL CHECK (lexicon >= 0),
    expected_seconds real NOT NULL CHECK (expected_seconds >= 0),
    wish_key text NOT NULL,
    requested_by uuid,
    state text NOT NULL CHECK (state IN ('planning', 'rendering', 'assembling', 'ready', 'failed', 'cancelled')),
    engine text,
    studio text,
    picture jsonb,
    pictures jsonb NOT NULL,
    frames_planned integer CHECK (frames_planned >= 0),
    film jsonb,
    degraded boolean NOT NULL DEFAULT false,
    warnings jsonb NOT NULL,
    failure text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    taken_down_at timestamptz,
    taken_down_because text,
    CONSTRAINT rendition_taken_down_check CHECK ((taken_down_at IS NULL) = (taken_down_because IS NULL))
  );
  CREATE INDEX rendition_chapter ON rendering.rendition (chapter_id, id);
  CREATE INDEX rendition_work ON rendering.rendition (work_id, id);
  CREATE INDEX rendition_author ON rendering.rendition (author_id, created_at);
  CREATE INDEX rendition_under_way ON rendering.rendition (id) WHERE state IN ('planning', 'rendering', 'assembling');
  CREATE INDEX rendition_ended ON rendering.rendition (finished_at) WHERE state IN ('failed', 'cancelled');
  CREATE INDEX rendition_film ON rendering.rendition USING gin (film jsonb_path_ops);
  CREATE UNIQUE INDEX rendition_wish ON rendering.rendition (wish_key)
    WHERE state NOT IN ('failed', 'cancelled') AND NOT (degraded AND state = 'ready');

  CREATE TABLE rendering.artefact (
    key text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('picture', 'speech', 'sound', 'segment')),
    fields jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('wanted', 'ready', 'deleting')),
    epoch integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    forgiven integer NOT NULL DEFAULT 0 CHECK (forgiven >= 0),
    lease_until timestamptz,
    frames_encoded integer NOT NULL DEFAULT 0 CHECK (frames_encoded >= 0),
    sha256 text,
    bytes bigint CHECK (bytes >= 0),
    frames integer CHECK (frames >= 0),
    facts jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    made_at timestamptz,
    deleting_at timestamptz
  );
  CREATE INDEX artefact_output ON rendering.artefact (sha256);
  CREATE INDEX artefact_leased ON rendering.artefact (lease_until) WHERE lease_until IS NOT NULL;
  CREATE INDEX artefact_wanted ON rendering.artefact (created_at) WHERE status = 'wanted';
  CREATE INDEX artefact_deleting ON rendering.artefact (deleting_at) WHERE deleting_at IS NOT NULL;

  CREATE TABLE rendering.part (
    rendition uuid NOT NULL REFERENCES rendering.rendition (id) ON DELETE CASCADE,
    idx integer NOT NULL CHECK (idx >= 0),
    scene jsonb NOT NULL,
    blocks uuid[] NOT NULL,
    voice text,
    sound_key text NOT NULL REFERENCES rendering.artefact (key),
    sound_reused boolean NOT NULL,
    segment_key text REFERENCES rendering.artefact (key),
    segment_reused boolean,
    frames integer CHECK (frames >= 0),
    card boolean NOT NULL DEFAULT false,
    PRIMARY KEY (rendition, idx)
  );
  CREATE INDEX part_sound ON rendering.part (sound_key);
  CREATE INDEX part_segment ON rendering.part (segment_key);

  -- one row for each try to make an artefact: by whom, how many frames it encoded and how it ended
  CREATE TABLE rendering.attempt (
    key text NOT NULL REFERENCES rendering.artefact (key) ON DELETE CASCADE,
    epoch integer NOT NULL CHECK (epoch >= 1),
    worker text NOT NULL,
    frames integer NOT NULL DEFAULT 0 CHECK (frames >= 0),
    outcome text CHECK (outcome IN ('made', 'lost', 'given back', 'unwanted', 'failed', 'crashed')),
    why text,
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (key, epoch)
  );
  CREATE INDEX attempt_ended ON rendering.attempt (ended_at) WHERE ended_at IS NOT NULL;

  CREATE TABLE rendering.object (
    sha256 text PRIMARY KEY,
    pinned_until timestamptz NOT NULL,
    deleting_until timestamptz
  );

  CREATE TABLE rendering.settings (
    work_id uuid PRIMARY KEY,
    on_publish boolean NOT NULL,
    voice text,
    fallback_voice text,
    theme text NOT NULL,
    version integer NOT NULL CHECK (version >= 1)
  );

  CREATE TABLE rendering.script (
    chapter_id uuid PRIMARY KEY,
    work_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    blocks jsonb NOT NULL
  );

  CREATE TABLE rendering.lexicon (
    work_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
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

  -- when a worker with these tools was last there
  CREATE TABLE rendering.studio (
    fingerprint text PRIMARY KEY,
    seen_at timestamptz NOT NULL
  );

  -- with which tools workers make films, and what pictures became with them: a dry run needs no worker
  CREATE TABLE rendering.tools (
    studio text PRIMARY KEY,
    picture text NOT NULL,
    fitting text NOT NULL,
    sound text NOT NULL,
    seen_at timestamptz NOT NULL
  );

  CREATE TABLE rendering.fitted (
    key text PRIMARY KEY,
    sha256 text NOT NULL,
    width integer NOT NULL CHECK (width >= 1),
    height integer NOT NULL CHECK (height >= 1),
    fitted_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX fitted_at ON rendering.fitted (fitted_at);
  `,
);
