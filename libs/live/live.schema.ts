import type { Schema } from '#libs/database/database.module';
import { StreamEventRow, StreamRow } from './live.row.js';
import { LiveBaseline1795996800300 } from './migrations/1795996800300-live-baseline.js';

export const liveSchema: Schema = {
  rows: [StreamRow, StreamEventRow],
  migrations: [LiveBaseline1795996800300],
  retention: {
    'live.event': '90 days.',
    'live.installation': 'For ever: one row.',
    'live.stream': 'As long as what it tells of: the number of its newest event.',
  },
};
