import { migration } from '#libs/database/migration';

export const ChaptersBaseline1795996802000 = migration(
  'ChaptersBaseline1795996802000',
  `
  CREATE SCHEMA IF NOT EXISTS chapters;

  CREATE TABLE chapters.work (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    title text NOT NULL,
    summary text NOT NULL,
    language text NOT NULL,
    cover text,
    created_at timestamptz NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    deleted_at timestamptz,
    erased_after timestamptz,
    taken_down_at timestamptz,
    taken_down_because text,
    CONSTRAINT work_bin_check CHECK ((deleted_at IS NULL) = (erased_after IS NULL)),
    CONSTRAINT work_taken_down_check CHECK ((taken_down_at IS NULL) = (taken_down_because IS NULL))
  );
  CREATE INDEX work_owner ON chapters.work (owner_id, created_at, id);
  CREATE INDEX work_newest ON chapters.work (created_at, id) WHERE deleted_at IS NULL;
  CREATE INDEX work_bin ON chapters.work (erased_after) WHERE erased_after IS NOT NULL;

  CREATE TABLE chapters.membership (
    work_id uuid NOT NULL REFERENCES chapters.work (id) ON DELETE CASCADE,
    account_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('editor', 'moderator', 'beta-reader')),
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (work_id, account_id)
  );
  CREATE INDEX membership_account ON chapters.membership (account_id);

  CREATE TABLE chapters.invitation (
    id uuid PRIMARY KEY,
    work_id uuid NOT NULL REFERENCES chapters.work (id) ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('editor', 'moderator', 'beta-reader')),
    invitee_id uuid,
    token_hash text NOT NULL,
    invited_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'accepted', 'declined', 'revoked'))
  );
  CREATE INDEX invitation_work ON chapters.invitation (work_id, status, id);
  CREATE INDEX invitation_invitee ON chapters.invitation (invitee_id, status, id);

  CREATE TABLE chapters.stored_object (
    work_id uuid NOT NULL REFERENCES chapters.work (id) ON DELETE CASCADE,
    slot text NOT NULL,
    object_key text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (work_id, slot)
  );
  CREATE INDEX stored_object_key ON chapters.stored_object (object_key);
  CREATE INDEX stored_object_upload ON chapters.stored_object (stored_at) WHERE slot LIKE 'upload:%';

  CREATE TABLE chapters.chapter (
    id uuid PRIMARY KEY,
    work_id uuid NOT NULL REFERENCES chapters.work (id) ON DELETE CASCADE,
    author_id uuid NOT NULL,
    rank text COLLATE "C" NOT NULL,
    title text NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'published', 'unpublished')),
    head_revision integer NOT NULL CHECK (head_revision >= 1),
    published_revision integer,
    published_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    deleted_at timestamptz,
    erased_after timestamptz,
    taken_down_at timestamptz,
    taken_down_because text,
    CONSTRAINT chapter_published_revision_check CHECK (published_revision BETWEEN 1 AND head_revision),
    CONSTRAINT chapter_published_check CHECK (status <> 'published' OR published_revision IS NOT NULL),
    CONSTRAINT chapter_bin_check CHECK ((deleted_at IS NULL) = (erased_after IS NULL)),
    CONSTRAINT chapter_taken_down_check CHECK ((taken_down_at IS NULL) = (taken_down_because IS NULL)),
    -- checked at commit: a rebalance gives chapters the ranks that others had a moment ago
    CONSTRAINT chapter_order UNIQUE (work_id, rank) DEFERRABLE INITIALLY DEFERRED
  );
  CREATE INDEX chapter_published ON chapters.chapter (work_id) WHERE status = 'published';
  CREATE INDEX chapter_in_bin ON chapters.chapter (work_id) WHERE erased_after IS NOT NULL;
  CREATE INDEX chapter_bin ON chapters.chapter (erased_after) WHERE erased_after IS NOT NULL;

  CREATE TABLE chapters.revision (
    chapter_id uuid NOT NULL REFERENCES chapters.chapter (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 1),
    parent integer,
    title text NOT NULL,
    author_id uuid NOT NULL,
    blocks jsonb NOT NULL,
    lineage jsonb NOT NULL,
    length integer NOT NULL CHECK (length >= 0),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (chapter_id, number),
    CONSTRAINT revision_parent_check CHECK (parent < number)
  );

  CREATE TABLE chapters.block_text (
    block uuid NOT NULL,
    digest text NOT NULL,
    chapter_id uuid NOT NULL REFERENCES chapters.chapter (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('paragraph', 'heading', 'quote', 'verse', 'list', 'code', 'scene-break')),
    text text NOT NULL,
    PRIMARY KEY (block, digest)
  );
  CREATE INDEX block_text_chapter ON chapters.block_text (chapter_id);

  CREATE TABLE chapters.publication (
    chapter_id uuid NOT NULL REFERENCES chapters.chapter (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 1),
    revision integer NOT NULL,
    at timestamptz NOT NULL,
    retracted_at timestamptz,
    PRIMARY KEY (chapter_id, number),
    FOREIGN KEY (chapter_id, revision) REFERENCES chapters.revision (chapter_id, number) ON DELETE CASCADE
  );

  -- Who may read what, for lists: domain/policy.ts says the same, and the access matrix test compares both.
  -- Each body is one SELECT, so that Postgres plans it as part of the query that calls it.
  CREATE FUNCTION chapters.is_public(c chapters.chapter, w chapters.work) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT c.status = 'published' AND c.deleted_at IS NULL AND w.deleted_at IS NULL
       AND c.taken_down_at IS NULL AND w.taken_down_at IS NULL $$;
  -- only the owner has a role on what is in the bin
  CREATE FUNCTION chapters.role_in(work uuid, account uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN w.owner_id = account THEN 'owner'
                WHEN w.deleted_at IS NULL
                THEN (SELECT m.role FROM chapters.membership m WHERE m.work_id = w.id AND m.account_id = account) END
      FROM chapters.work w WHERE w.id = work $$;
  CREATE FUNCTION chapters.works_of(account uuid) RETURNS SETOF chapters.work LANGUAGE sql STABLE AS $$
    SELECT w.* FROM chapters.work w WHERE w.deleted_at IS NULL AND w.owner_id = account
    UNION ALL
    SELECT w.* FROM chapters.membership m JOIN chapters.work w ON w.id = m.work_id
     WHERE m.account_id = account AND w.deleted_at IS NULL AND w.owner_id <> account
       AND (w.taken_down_at IS NULL OR m.role = 'editor') $$;
  CREATE FUNCTION chapters.visible_works(account uuid) RETURNS SETOF chapters.work LANGUAGE sql STABLE AS $$
    SELECT w.* FROM chapters.work w
     WHERE w.deleted_at IS NULL
       AND (EXISTS (SELECT FROM chapters.chapter c WHERE c.work_id = w.id AND chapters.is_public(c, w))
            OR w.owner_id = account
            OR EXISTS (SELECT FROM chapters.membership m WHERE m.work_id = w.id AND m.account_id = account
                                                           AND (w.taken_down_at IS NULL OR m.role = 'editor'))) $$;
  CREATE FUNCTION chapters.visible_chapters(account uuid) RETURNS SETOF chapters.chapter LANGUAGE sql STABLE AS $$
    SELECT c.* FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id
     WHERE c.deleted_at IS NULL AND w.deleted_at IS NULL
       AND (chapters.is_public(c, w)
            OR w.owner_id = account
            OR EXISTS (SELECT FROM chapters.membership m
                        WHERE m.work_id = w.id AND m.account_id = account
                          AND (m.role = 'editor'
                               OR m.role = 'beta-reader' AND c.taken_down_at IS NULL AND w.taken_down_at IS NULL))) $$;
  -- what an account can restore: its works, and chapters that it can delete; a work stands for its chapters
  CREATE FUNCTION chapters.bin_of(account uuid)
    RETURNS TABLE (kind text, id uuid, work_id uuid, title text, deleted_at timestamptz, erased_after timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT 'work', w.id, w.id, w.title, w.deleted_at, w.erased_after
      FROM chapters.work w WHERE w.owner_id = account AND w.erased_after > now()
    UNION ALL
    SELECT 'chapter', c.id, c.work_id, c.title, c.deleted_at, c.erased_after
      FROM (SELECT w.id FROM chapters.work w WHERE w.owner_id = account AND w.deleted_at IS NULL
            UNION
            SELECT w.id FROM chapters.membership m JOIN chapters.work w ON w.id = m.work_id
             WHERE m.account_id = account AND m.role = 'editor' AND w.deleted_at IS NULL) mine
     -- OFFSET 0: work by work, by the index of the bin
     CROSS JOIN LATERAL (SELECT * FROM chapters.chapter b WHERE b.work_id = mine.id AND b.erased_after > now() OFFSET 0) c $$;

  -- insert-only is a promise to readers and comments, so the database keeps it too; only erasing removes rows
  CREATE FUNCTION chapters.never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND current_setting('inkreel.erasing', true) = 'on' THEN RETURN OLD; END IF;
      RAISE EXCEPTION '% is insert-only: rows are removed only while their chapter is erased', TG_TABLE_NAME;
    END $$;
  CREATE TRIGGER revision_never_changes BEFORE UPDATE OR DELETE ON chapters.revision FOR EACH ROW EXECUTE FUNCTION chapters.never_changes();
  CREATE TRIGGER block_text_never_changes BEFORE UPDATE OR DELETE ON chapters.block_text FOR EACH ROW EXECUTE FUNCTION chapters.never_changes();
  `,
);
