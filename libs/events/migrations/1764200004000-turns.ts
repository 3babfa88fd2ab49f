import { migration } from '#libs/database/migration';

/** Whose turn a delivery uses up, and how to find the turns that are taken. */
export const Turns1764200004000 = migration(
  'Turns1764200004000',
  `
  ALTER TABLE events.delivery ADD COLUMN share text;
  CREATE INDEX delivery_turn ON events.delivery (consumer, priority)
    WHERE share IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  CREATE INDEX delivery_share ON events.delivery (consumer, share, priority)
    WHERE share IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  `,
);
