import { migration } from '#libs/database/migration';

/** The fairness key of a delivery, and the indexes that find its open jobs. */
export const FairQueueing1764200004000 = migration(
  'FairQueueing1764200004000',
  `
  ALTER TABLE events.delivery ADD COLUMN fairness_key text;
  CREATE INDEX delivery_virtual_start ON events.delivery (consumer, priority)
    WHERE fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  CREATE INDEX delivery_fairness_key ON events.delivery (consumer, fairness_key, priority)
    WHERE fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  `,
);
