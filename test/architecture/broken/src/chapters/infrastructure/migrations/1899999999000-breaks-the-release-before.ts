import { migration } from '#libs/database/migration';

export const BreaksTheReleaseBefore1899999999000 = migration(
  'BreaksTheReleaseBefore1899999999000',
  `
  DROP TABLE chapters.draft;
  ALTER TABLE chapters.work DROP COLUMN summary;
  ALTER TABLE chapters.work RENAME COLUMN title TO name;
  ALTER TABLE chapters.chapter ALTER COLUMN head_revision TYPE bigint;
  ALTER TABLE chapters.work ALTER COLUMN cover SET NOT NULL;
  ALTER TABLE chapters.work ADD COLUMN subtitle text NOT NULL;
  ALTER TABLE chapters.work ADD CONSTRAINT work_title_check CHECK (title <> '');
  CREATE UNIQUE INDEX work_title ON chapters.work (title);
  `,
);
