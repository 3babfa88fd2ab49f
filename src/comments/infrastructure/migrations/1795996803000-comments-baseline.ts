import { migration } from '#libs/database/migration';

export const CommentsBaseline1795996803000 = migration(
  'CommentsBaseline1795996803000',
  `
  CREATE SCHEMA IF NOT EXISTS comments;

  CREATE TABLE comments.comment (
    id uuid PRIMARY KEY,
    chapter_id uuid NOT NULL,
    author_id uuid NOT NULL,
    parent_id uuid REFERENCES comments.comment (id),
    root_id uuid NOT NULL,
    depth integer NOT NULL CHECK (depth >= 0),
    body text NOT NULL,
    status text NOT NULL CHECK (status IN ('shown', 'withdrawn', 'hidden', 'taken-down')),
    created_at timestamptz NOT NULL,
    taken_down_at timestamptz,
    taken_down_because text,
    position integer NOT NULL CHECK (position >= 1),
    CONSTRAINT comment_taken_down_check CHECK ((taken_down_at IS NULL) = (taken_down_because IS NULL)),
    CONSTRAINT comment_root_check CHECK ((parent_id IS NULL) = (root_id = id) AND (parent_id IS NULL) = (depth = 0))
  );
  CREATE INDEX comment_chapter ON comments.comment (chapter_id, position);
  CREATE INDEX comment_thread ON comments.comment (chapter_id, position) WHERE parent_id IS NULL;
  CREATE INDEX comment_branch ON comments.comment (parent_id, position);
  CREATE INDEX comment_author ON comments.comment (author_id);

  -- Pages follow the order in which comments become visible. The lock on the chapter's row lasts to the commit, so nobody sees
  -- position n + 1 before n. Ids would not do: a comment that waits for a lock has an older id than one that is visible already.
  CREATE TABLE comments.last_position (
    chapter_id uuid PRIMARY KEY,
    position integer NOT NULL CHECK (position >= 1)
  );
  CREATE FUNCTION comments.take_position() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.position := (SELECT c.position FROM comments.comment AS c WHERE c.id = NEW.id);
    IF NEW.position IS NULL THEN
      INSERT INTO comments.last_position AS l (chapter_id, position) VALUES (NEW.chapter_id, 1)
      ON CONFLICT (chapter_id) DO UPDATE SET position = l.position + 1 RETURNING l.position INTO NEW.position;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER take_position BEFORE INSERT ON comments.comment FOR EACH ROW EXECUTE FUNCTION comments.take_position();

  CREATE TABLE comments.comment_anchor (
    comment_id uuid PRIMARY KEY REFERENCES comments.comment (id) ON DELETE CASCADE,
    chapter_id uuid NOT NULL,
    publication integer NOT NULL CHECK (publication >= 0),
    block uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('anchored', 'edited', 'moved', 'detached')),
    quote jsonb,
    span jsonb,
    origin jsonb NOT NULL,
    position integer NOT NULL CHECK (position >= 1)
  );
  CREATE INDEX comment_anchor_block ON comments.comment_anchor (chapter_id, block, position);
  CREATE INDEX comment_anchor_publication ON comments.comment_anchor (chapter_id, publication);

  -- the position of its comment, so that an index gives the comments at one block in order
  CREATE FUNCTION comments.copy_position() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.position := coalesce(NEW.position, (SELECT c.position FROM comments.comment AS c WHERE c.id = NEW.comment_id));
    RETURN NEW;
  END $$;
  CREATE TRIGGER copy_position BEFORE INSERT ON comments.comment_anchor FOR EACH ROW EXECUTE FUNCTION comments.copy_position();

  CREATE TABLE comments.reanchoring_position (
    chapter_id uuid PRIMARY KEY,
    publication integer NOT NULL CHECK (publication >= 0)
  );
  `,
);
