import { migration } from '#libs/database/migration';

/** Which publications were taken back. Of a chapter that was taken back and published again before this, that is not known any more. */
export const Retractions1764300001000 = migration(
  'Retractions1764300001000',
  `
  ALTER TABLE chapters.publication ADD COLUMN retracted_at timestamptz;
  UPDATE chapters.publication p SET retracted_at = c.updated_at FROM chapters.chapter c WHERE c.id = p.chapter_id AND c.status = 'unpublished';
  `,
);
