import type { Schema } from '#libs/database/database.module';
import { StreamEventRow, StreamRow } from './live.row.js';
import { LiveStreams1764000000300 } from './migrations/1764000000300-live-streams.js';

export const liveSchema: Schema = { rows: [StreamRow, StreamEventRow], migrations: [LiveStreams1764000000300] };
