import { migration } from '#libs/database/migration';

/** When a publication was retracted. */
export const Retractions1764300001000 = migration(
  'Retractions1764300001000',
  `
  ALTER TABLE chapters.publication ADD COLUMN retracted_at timestamptz;
  UPDATE chapters.publication p SET retracted_at = c.updated_at FROM chapters.chapter c WHERE c.id = p.chapter_id AND c.status = 'unpublished';
  `,
);
