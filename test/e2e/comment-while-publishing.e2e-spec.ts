/**
 * A comment on an older revision is anchored in three steps: it finds the newest revision, its anchor is transferred to that outside
 * of any transaction, and it is stored. Here another revision is published between the second step and the third.
 */
import { Client } from 'pg';
import type { ThreadResponse } from '../../src/comments/infrastructure/comments.contract.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

/** So long that the transfer runs in a thread, which leaves the test time to take the lock. */
const REST = Array.from({ length: 400 }, (_, i) => `Paragraph ${i} of the long night, in which nobody came to the harbour.`);
const textOf = (first: string): string => [first, ...REST].join('\n\n');

let stack: Stack;
let author: Person;
let reader: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 0 }); // a worker would take the lock that the test takes
  author = await signUp(stack, { role: 'author' });
  reader = await signUp(stack);
});

/** Whoever posts on a chapter needs a shared lock on its row. @returns what releases it */
async function lockPosting(chapterId: string): Promise<() => Promise<unknown>> {
  const lock = new Client({ connectionString: stack.databaseUrl });
  lock.on('error', () => undefined); // the database of a test that failed is dropped
  await lock.connect();
  await lock.query('BEGIN');
  await lock.query('SELECT FROM comments.reanchoring_position WHERE chapter_id = $1 FOR UPDATE', [chapterId]);
  return async () => {
    await lock.query('COMMIT');
    await lock.end();
  };
}

const waiting = async (): Promise<number> =>
  (await stack.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length;

async function publish(chapterId: string, first: string): Promise<void> {
  must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: textOf(first) }, { 'if-match': '*' }));
  must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
}

/** @returns the comment, and whether the third revision came between, as it was meant to. */
async function race(): Promise<{ isBetween: boolean; comment: ThreadResponse; publication: number }> {
  const { chapterId, blocks } = await begunChapter(author, { markdown: textOf('The lamp burned.'), publish: true });
  const comment = (body: object) => reader.api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, body);
  must(201, await comment({ body: 'First.', block: blocks[0].id })); // from now on there is a row to lock
  await publish(chapterId, 'The old lamp burned.');
  const releaseFirst = await lockPosting(chapterId);
  let isDone = false;
  const posting = comment({ body: 'Which?', block: blocks[0].id, quote: { exact: 'lamp' }, revision: 1 }).finally(
    () => (isDone = true),
  );
  await until(async () => (await waiting()) === 1, 10_000, 'the comment waits for the first lock');
  const second = lockPosting(chapterId);
  await until(async () => (await waiting()) === 2, 10_000, 'the second lock waits behind the comment');
  await releaseFirst();
  const releaseSecond = await second; // the comment has seen revision 2, and its anchor is being transferred
  await publish(chapterId, 'The very old lamp burned.');
  await until(async () => isDone || (await waiting()) === 1, 10_000, 'the comment waits for the second lock');
  const isBetween = !isDone;
  await releaseSecond();
  const posted = must(201, await posting);
  const [{ publication }] = await stack.sql<{ publication: number }>(
    `SELECT publication FROM comments.comment_anchor WHERE comment_id = $1`,
    [posted.id],
  );
  return { isBetween, comment: posted, publication };
}

it('A comment is anchored in the revision that was published while its anchor was transferred to the one before', async () => {
  let result = await race();
  // on a busy machine the comment may be stored before the second lock is taken
  for (let attempt = 1; attempt < 5 && !result.isBetween; attempt++) result = await race();
  const { isBetween, comment, publication } = result;
  expect(isBetween).toBe(true);
  expect(comment.anchor).toMatchObject({ status: 'anchored', quote: 'lamp', span: { start: 13, end: 17 } });
  expect(comment.anchor!.origin).toMatchObject({ revision: 1, text: 'The lamp burned.' });
  expect(publication).toBe(3);
}, 90_000);
