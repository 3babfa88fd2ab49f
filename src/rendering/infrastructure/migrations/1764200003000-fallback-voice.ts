import { migration } from '#libs/database/migration';

export const FallbackVoice1764200003000 = migration(
  'FallbackVoice1764200003000',
  `
  ALTER TABLE rendering.rendition ADD COLUMN fallback_voice text;
  ALTER TABLE rendering.part ADD COLUMN voice text;
  ALTER TABLE rendering.settings ADD COLUMN fallback_voice text;
  `,
);
