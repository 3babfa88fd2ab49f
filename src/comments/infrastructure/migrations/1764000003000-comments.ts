import { migration } from '#libs/database/migration';

export const Comments1764000003000 = migration(
  'Comments1764000003000',
  `
  CREATE SCHEMA IF NOT EXISTS comments;

  CREATE TABLE comments.comment (
    id uuid PRIMARY KEY,
    chapter_id uuid NOT NULL,
    author_id uuid NOT NULL,
    parent_id uuid REFERENCES comments.comment (id),
    root_id uuid NOT NULL,
    depth integer NOT NULL,
    body text NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX comment_thread ON comments.comment (chapter_id, id) WHERE parent_id IS NULL;
  CREATE INDEX comment_branch ON comments.comment (parent_id, id);
  CREATE INDEX comment_author ON comments.comment (author_id);

  CREATE TABLE comments.comment_anchor (
    comment_id uuid PRIMARY KEY REFERENCES comments.comment (id),
    chapter_id uuid NOT NULL,
    publication integer NOT NULL,
    block uuid NOT NULL,
    status text NOT NULL,
    quote jsonb,
    span jsonb,
    origin jsonb NOT NULL
  );
  CREATE INDEX comment_anchor_block ON comments.comment_anchor (chapter_id, block);
  CREATE INDEX comment_anchor_publication ON comments.comment_anchor (chapter_id, publication);

  CREATE TABLE comments.reanchoring_position (
    chapter_id uuid PRIMARY KEY,
    publication integer NOT NULL
  );
  `,
);
