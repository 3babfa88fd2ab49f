/** What the database itself refuses: each CHECK and foreign key, seen to refuse one row that was good but for that. */
import { Client, type DatabaseError } from 'pg';
import { freshDatabase } from '../support/database.js';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let sql: Client;
beforeAll(async () => {
  database = await freshDatabase();
  sql = new Client({ connectionString: database.url });
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});
beforeEach(() => sql.query('BEGIN'));
afterEach(() => sql.query('ROLLBACK'));

type Row = Record<string, unknown>;
const id = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const NOWHERE = id(999);
const NOW = '2026-01-01T00:00:00Z';

/** One good row for each table with constraints, each after those that it refers to. */
const GOOD: Record<string, Row> = {
  'auth.account': { id: id(1), email: 'a@b', name: 'A', password_hash: '-', role: 'reader', created_at: NOW, epoch: 1 },
  'auth.session': {
    ...{ id: id(2), account_id: id(1), device: '', created_at: NOW, expires_at: NOW, generation: 1, rotated_at: NOW },
  },
  'auth.revocation': { xid: 1, subject: id(1), kind: 'account', epoch: 1, at: NOW },
  'chapters.work': { id: id(3), owner_id: id(1), title: 'W', summary: '', language: 'en', created_at: NOW, version: 1 },
  'chapters.membership': { work_id: id(3), account_id: id(4), role: 'editor', joined_at: NOW },
  'chapters.invitation': {
    ...{ id: id(5), work_id: id(3), role: 'editor', token_hash: '-', invited_by: id(1), created_at: NOW, expires_at: NOW },
    status: 'open',
  },
  'chapters.stored_object': { work_id: id(3), slot: 'cover', object_key: 'k', bytes: 0 },
  'chapters.chapter': {
    ...{ id: id(6), work_id: id(3), author_id: id(1), rank: 'a', title: 'C', status: 'published', head_revision: 2 },
    ...{ published_revision: 1, created_at: NOW, updated_at: NOW, version: 1 },
  },
  'chapters.revision': {
    ...{ chapter_id: id(6), number: 1, title: 'C', author_id: id(1), blocks: [], lineage: [], length: 0, created_at: NOW },
  },
  'chapters.block_text': { block: id(7), digest: 'd', chapter_id: id(6), kind: 'paragraph', text: 'T' },
  'chapters.publication': { chapter_id: id(6), number: 1, revision: 1, at: NOW },
  'comments.comment': {
    ...{ id: id(8), chapter_id: id(6), author_id: id(1), root_id: id(8), depth: 0, body: 'B', status: 'shown', created_at: NOW },
  },
  'comments.last_position': { chapter_id: id(5), position: 1 },
  'comments.comment_anchor': {
    ...{ comment_id: id(8), chapter_id: id(6), publication: 1, block: id(7), status: 'anchored', origin: {}, position: 1 },
  },
  'comments.reanchoring_position': { chapter_id: id(6), publication: 0 },
  'events.event': { id: id(9), kind: 'event', type: 'T', v: 1, subject_kind: 's', subject_id: 's', data: {} },
  'events.delivery': { event: id(9), consumer: 'c', queue: 'q' },
  'http.idempotency_record': { key: '\\x01', fingerprint: '\\x01', attempt: 1 },
  'live.stream': { key: 'chapter:x', head: 0 },
  'live.event': { key: 'chapter:x', seq: 1, type: 't', body: {}, at: NOW },
  'live.installation': { singleton: true },
  'scheduling.chore': { name: 'c', every: '1 h' },
  'scheduling.chore_run': { chore: 'c', number: 1 },
  'rendering.rendition': {
    ...{ id: id(10), chapter_id: id(6), work_id: id(3), author_id: id(1), revision: 1, title: 'F', language: 'en', voice: 'v' },
    ...{ theme: 't', script: {}, lexicon: 0, expected_seconds: 0, wish_key: 'w', state: 'planning', pictures: {}, warnings: [] },
    created_at: NOW,
  },
  'rendering.artefact': { key: 'k', kind: 'sound', fields: {}, status: 'wanted' },
  'rendering.part': { rendition: id(10), idx: 0, scene: {}, blocks: [], sound_key: 'k', sound_reused: false },
  'rendering.attempt': { key: 'k', epoch: 1, worker: 'w' },
  'rendering.settings': { work_id: id(3), on_publish: false, theme: 't', version: 1 },
  'rendering.script': { chapter_id: id(6), work_id: id(3), version: 1, blocks: {} },
  'rendering.lexicon': { work_id: id(3), version: 1, entries: [], created_at: NOW },
  'rendering.fitted': { key: 'f', sha256: 's', width: 1, height: 1 },
};

/** What makes the good row break the constraint, and no other. */
const BREAKS: Record<string, Row> = {
  'auth.account_role_check': { role: 'owner' },
  'auth.account_epoch_check': { epoch: 0 },
  'auth.account_suspension_check': { suspended_at: NOW },
  'auth.session_account_id_fkey': { account_id: NOWHERE },
  'auth.session_generation_check': { generation: 0 },
  'auth.revocation_kind_check': { kind: 'token', epoch: null },
  'auth.revocation_epoch_check': { epoch: null },
  'chapters.work_version_check': { version: 0 },
  'chapters.work_bin_check': { deleted_at: NOW },
  'chapters.work_taken_down_check': { taken_down_at: NOW },
  'chapters.membership_work_id_fkey': { work_id: NOWHERE },
  'chapters.membership_role_check': { role: 'owner' },
  'chapters.invitation_work_id_fkey': { work_id: NOWHERE },
  'chapters.invitation_role_check': { role: 'owner' },
  'chapters.invitation_status_check': { status: 'sent' },
  'chapters.stored_object_work_id_fkey': { work_id: NOWHERE },
  'chapters.stored_object_bytes_check': { bytes: -1 },
  'chapters.chapter_work_id_fkey': { work_id: NOWHERE },
  'chapters.chapter_status_check': { status: 'hidden' },
  'chapters.chapter_head_revision_check': { head_revision: 0, published_revision: null, status: 'draft' },
  'chapters.chapter_published_revision_check': { published_revision: 3 },
  'chapters.chapter_published_check': { published_revision: null },
  'chapters.chapter_version_check': { version: 0 },
  'chapters.chapter_bin_check': { deleted_at: NOW },
  'chapters.chapter_taken_down_check': { taken_down_at: NOW },
  'chapters.revision_chapter_id_fkey': { chapter_id: NOWHERE },
  'chapters.revision_number_check': { number: 0 },
  'chapters.revision_parent_check': { parent: 1 },
  'chapters.revision_length_check': { length: -1 },
  'chapters.block_text_chapter_id_fkey': { chapter_id: NOWHERE },
  'chapters.block_text_kind_check': { kind: 'picture' },
  'chapters.publication_chapter_id_fkey': { chapter_id: NOWHERE },
  'chapters.publication_chapter_id_revision_fkey': { revision: 7 },
  'chapters.publication_number_check': { number: 0 },
  'comments.comment_parent_id_fkey': { parent_id: NOWHERE, root_id: NOWHERE, depth: 1 },
  'comments.comment_depth_check': { parent_id: id(8), id: id(11), depth: -1 },
  'comments.comment_status_check': { status: 'spam' },
  'comments.comment_taken_down_check': { taken_down_at: NOW },
  'comments.comment_root_check': { root_id: NOWHERE },
  'comments.last_position_position_check': { position: 0 },
  'comments.comment_anchor_comment_id_fkey': { comment_id: NOWHERE },
  'comments.comment_anchor_publication_check': { publication: -1 },
  'comments.comment_anchor_status_check': { status: 'lost' },
  'comments.comment_anchor_position_check': { position: 0 },
  'comments.reanchoring_position_publication_check': { publication: -1 },
  'events.event_kind_check': { kind: 'mail' },
  'events.event_v_check': { v: 0 },
  'events.delivery_event_fkey': { event: NOWHERE },
  'events.delivery_epoch_check': { epoch: 0 },
  'events.delivery_attempts_check': { attempts: -1 },
  'http.idempotency_record_attempt_check': { attempt: 0 },
  'http.idempotency_record_status_check': { status: 99 },
  'live.stream_head_check': { head: -1 },
  'live.stream_resets_check': { resets: -1 },
  'live.event_seq_check': { seq: 0 },
  'live.installation_singleton_check': { singleton: false },
  'scheduling.chore_run_check': { run: -1 },
  'scheduling.chore_run_chore_fkey': { chore: 'nothing' },
  'scheduling.chore_run_number_check': { number: 0 },
  'scheduling.chore_run_handled_check': { handled: -1 },
  'rendering.rendition_taken_down_check': { taken_down_at: NOW },
  'rendering.rendition_revision_check': { revision: 0 },
  'rendering.rendition_lexicon_check': { lexicon: -1 },
  'rendering.rendition_expected_seconds_check': { expected_seconds: -1 },
  'rendering.rendition_state_check': { state: 'lost' },
  'rendering.rendition_frames_planned_check': { frames_planned: -1 },
  'rendering.artefact_kind_check': { kind: 'film' },
  'rendering.artefact_status_check': { status: 'lost' },
  'rendering.artefact_epoch_check': { epoch: -1 },
  'rendering.artefact_forgiven_check': { forgiven: -1 },
  'rendering.artefact_frames_encoded_check': { frames_encoded: -1 },
  'rendering.artefact_bytes_check': { bytes: -1 },
  'rendering.artefact_frames_check': { frames: -1 },
  'rendering.part_rendition_fkey': { rendition: NOWHERE },
  'rendering.part_idx_check': { idx: -1 },
  'rendering.part_sound_key_fkey': { sound_key: 'nothing' },
  'rendering.part_segment_key_fkey': { segment_key: 'nothing' },
  'rendering.part_frames_check': { frames: -1 },
  'rendering.attempt_key_fkey': { key: 'nothing' },
  'rendering.attempt_epoch_check': { epoch: 0 },
  'rendering.attempt_frames_check': { frames: -1 },
  'rendering.attempt_outcome_check': { outcome: 'won' },
  'rendering.settings_version_check': { version: 0 },
  'rendering.script_version_check': { version: 0 },
  'rendering.lexicon_version_check': { version: 0 },
  'rendering.fitted_width_check': { width: 0 },
  'rendering.fitted_height_check': { height: 0 },
};
/** A trigger gives the position of a comment, so no row that is sent can have a wrong one. */
const OUT_OF_REACH = ['comments.comment_position_check'];

async function insert(table: string, row: Row): Promise<void> {
  const columns = Object.keys(row).join(', ');
  await sql.query(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_record(NULL::${table}, $1)`, [
    JSON.stringify(row),
  ]);
}

/** @returns `schema.table` of each constraint by `schema.constraint`. */
async function constraints(): Promise<Map<string, string>> {
  const { rows } = await sql.query<{ name: string; table: string }>(
    `SELECT n.nspname || '.' || c.conname AS name, n.nspname || '.' || t.relname AS table
       FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE c.contype IN ('c', 'f') AND n.nspname IN ('auth', 'chapters', 'comments', 'rendering', 'events', 'http', 'live', 'scheduling')`,
  );
  return new Map(rows.map(({ name, table }) => [name, table]));
}

it('the table names every CHECK and foreign key that there is', async () => {
  expect([...Object.keys(BREAKS), ...OUT_OF_REACH].sort()).toEqual([...(await constraints()).keys()].sort());
});

it.each(Object.keys(BREAKS))('%s refuses', async (name) => {
  const table = (await constraints()).get(name)!;
  for (const [before, row] of Object.entries(GOOD)) {
    if (before === table) break;
    if (before !== 'live.installation') await insert(before, row);
  }
  if (name === 'comments.comment_depth_check') await insert(table, GOOD[table]);
  const refused = await insert(table, { ...GOOD[table], ...BREAKS[name] }).catch((error: DatabaseError) => error);
  expect((refused as DatabaseError | undefined)?.constraint).toBe(name.split('.')[1]);
});

it('every good row is taken', async () => {
  for (const [table, row] of Object.entries(GOOD)) if (table !== 'live.installation') await insert(table, row);
});

const rowsOf = async (...tables: string[]): Promise<number[]> => {
  const counts: number[] = [];
  for (const table of tables) counts.push((await sql.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n);
  return counts;
};

it('what belongs to a work goes with it, but revisions and texts only while it is erased', async () => {
  for (const [table, row] of Object.entries(GOOD)) if (table.startsWith('chapters.')) await insert(table, row);
  await sql.query('SAVEPOINT before');
  await expect(sql.query('DELETE FROM chapters.work')).rejects.toThrow(/is insert-only/);
  await sql.query('ROLLBACK TO before');
  await sql.query(`SET LOCAL inkreel.erasing = 'on'`);
  await sql.query('DELETE FROM chapters.work');
  expect(await rowsOf(...Object.keys(GOOD).filter((table) => table.startsWith('chapters.')))).toEqual(Array(8).fill(0));
});

it.each([
  ['auth.account', 'auth.session'],
  ['comments.comment', 'comments.comment_anchor'],
  ['events.event', 'events.delivery'],
  ['scheduling.chore', 'scheduling.chore_run'],
])('what belongs to %s goes with it: %s', async (owner, owned) => {
  await insert(owner, GOOD[owner]);
  await insert(owned, GOOD[owned]);
  await sql.query(`DELETE FROM ${owner}`);
  expect(await rowsOf(owned)).toEqual([0]);
});
