import { migration } from '#libs/database/migration';

/** With which tools workers make films, and what pictures became with them: what would be made anew can be told without one. */
export const Tools1764200001100 = migration(
  'Tools1764200001100',
  `
  CREATE TABLE rendering.tools (
    studio text PRIMARY KEY,
    picture text NOT NULL,
    fitting text NOT NULL,
    sound text NOT NULL,
    seen_at timestamptz NOT NULL
  );

  CREATE TABLE rendering.fitted (
    key text PRIMARY KEY,
    sha256 text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    fitted_at timestamptz NOT NULL DEFAULT now()
  );
  `,
);
