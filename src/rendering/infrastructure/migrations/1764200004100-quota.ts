import { migration } from '#libs/database/migration';

/** Whose film it is, and how long it was expected to be; and which films have a file. Those that publishing asked for before this count for nobody. */
export const Quota1764200004100 = migration(
  'Quota1764200004100',
  `
  ALTER TABLE rendering.rendition ADD COLUMN author_id uuid, ADD COLUMN expected_seconds real;
  UPDATE rendering.rendition SET author_id = coalesce(requested_by, work_id), expected_seconds = 0;
  ALTER TABLE rendering.rendition ALTER COLUMN author_id SET NOT NULL, ALTER COLUMN expected_seconds SET NOT NULL;
  CREATE INDEX rendition_film ON rendering.rendition USING gin (film jsonb_path_ops);
  CREATE INDEX rendition_author ON rendering.rendition (author_id, created_at);
  `,
);
