import type { Schema } from '#libs/database/database.module';
import { StreamEventRow, StreamRow } from './live.row.js';
import { LiveStreams1764000000300 } from './migrations/1764000000300-live-streams.js';

export const liveSchema: Schema = {
  rows: [StreamRow, StreamEventRow],
  migrations: [LiveStreams1764000000300],
  retention: {
    'live.event': '90 days.',
    'live.installation': 'For ever: one row.',
    'live.stream': 'As long as what it tells of: the number of its newest event.',
  },
};
