/** Accounts for tests, with works and chapters. */
import { randomUUID } from 'node:crypto';
import type { Role } from '#libs/kernel/actor';
import type { AccountResponse, SessionResponse } from '../../src/auth/infrastructure/auth.contract.js';
import type { BlockResponse, DraftResponse, WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import type { Answer, Api } from './api.js';
import type { Stack } from './stack.js';
import { until } from './until.js';

export interface Person {
  api: Api;
  id: string;
  token: string;
  refreshToken: string;
  email: string;
  password: string;
}

const PASSWORD = 'a lantern left burning';

/**
 * After Redis was away: a process may report it as ready up to a second before it counts sign-ins and sign-ups again, which are
 * refused until then.
 */
export async function untilSignInCounts(api: Api, headers?: Record<string, string>): Promise<void> {
  const nobody = { email: 'nobody@example.org', password: 'not the one' };
  await until(async () => (await api.get('/readyz')).body.redis === 'ready', 20_000, 'Redis is back');
  await until(async () => (await api.post('/v1/sessions', nobody, headers)).status === 401, 20_000, 'sign-ins are counted');
}

/** Signs up and in. Nobody can sign up as moderator or admin, so these get their role in the database before they sign in. */
export async function signUp(
  where: Stack | { api: Api; sql?: undefined },
  { role = 'reader', name = 'Somebody' }: { role?: Role; name?: string } = {},
): Promise<Person> {
  const { api } = where;
  const email = `${role}-${randomUUID()}@example.org`;
  const chosen = role === 'author' ? 'author' : 'reader';
  const { id } = must(201, await api.post<AccountResponse>('/v1/accounts', { email, name, password: PASSWORD, role: chosen }));
  if (chosen !== role) {
    if (!where.sql) throw new Error(`Give signUp the stack: only the database makes the first ${role}.`);
    await where.sql('UPDATE auth.account SET role = $2 WHERE id = $1', [id, role]);
  }
  const session = must(201, await api.post<SessionResponse>('/v1/sessions', { email, password: PASSWORD }));
  const { accessToken: token, refreshToken } = session;
  return { api: api.as(token), id, token, refreshToken, email, password: PASSWORD };
}

export interface BegunChapter {
  workId: string;
  chapterId: string;
  blocks: BlockResponse[];
  /** For If-Match: `"${version}"`. */
  version: number;
}

/** A chapter of a new work, published when asked. */
export async function begunChapter(
  { api }: { api: Api },
  text: { markdown: string; language?: string; publish?: boolean; title?: string },
): Promise<BegunChapter> {
  const { language = 'en', title = 'I. The Third Window' } = text;
  const work = must(201, await api.post<WorkResponse>('/v1/works', { title: 'The Lamplighter of Quay Street', language }));
  const draft = must(201, await api.post<DraftResponse>(`/v1/works/${work.id}/chapters`, { title, markdown: text.markdown }));
  const begun = { workId: work.id, chapterId: draft.id, blocks: draft.blocks, version: draft.version };
  if (!text.publish) return begun;
  const published = await api.post(`/v1/chapters/${draft.id}/publication`, {}, { 'if-match': '*' });
  must(200, published);
  return { ...begun, version: Number(published.headers.etag?.replaceAll('"', '')) };
}

/** The body of an answer. @throws when its status is another. */
export function must<Body>(status: number, answer: Answer<Body>): Body {
  if (answer.status !== status)
    throw new Error(`${answer.status} instead of ${status}: ${answer.bytes.toString().slice(0, 500)}`);
  return answer.body;
}
