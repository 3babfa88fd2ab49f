/** The log of built processes: it names the request and the actor, and holds no secret. */
import { randomUUID } from 'node:crypto';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

interface Line {
  level: number;
  process: string;
  msg: string;
  request?: string;
  event?: string;
  actor?: string;
  trace?: string;
  context?: string;
}

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 1, env: { LOG_LEVEL: 'debug' } });
}, 90_000);

const linesOf = (program: { log(): string }): Line[] =>
  program
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);

it('every line of web and worker is a JSON object of its process', () => {
  for (const [name, program] of [
    ['web', stack.webs[0]],
    ['worker', stack.workers[0]],
  ] as const) {
    const said = program.log().trim().split('\n');
    expect(said.filter((line) => !line.startsWith('{'))).toEqual([]);
    expect(linesOf(program).every((line) => line.process === name)).toBe(true);
  }
});

it('a trace id goes from the request through its event to the log line of the worker that handles it', async () => {
  const author = await signUp(stack, { role: 'author' });
  const { chapterId } = await begunChapter(author, { markdown: 'The lamp is out.', publish: true });
  const id = randomUUID();
  const headers = { traceparent: TRACEPARENT, 'x-request-id': id };
  const posted = await author.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Light.' }, headers);
  expect(posted.status).toBe(201);
  const [event] = await stack.sql<{ id: string; trace: string; actor: string }>(
    `SELECT id, trace, actor FROM events.event WHERE request = $1 AND type = 'CommentPosted'`,
    [id],
  );
  expect(event).toMatchObject({ actor: author.id, trace: expect.stringMatching(`^00-${TRACE}-[0-9a-f]{16}-01$`) as string });
  expect(event.trace).not.toBe(TRACEPARENT);
  const answered = await until(
    () => linesOf(stack.webs[0]).find((line) => line.request === id),
    5_000,
    'the line of the request',
  );
  expect(answered).toMatchObject({
    actor: author.id,
    trace: TRACE,
    msg: expect.stringMatching(/^POST \S+ 201 in \d+ ms$/) as string,
  });

  const published = { traceparent: TRACEPARENT.replace('4bf9', 'beef'), 'if-match': '*' };
  expect((await author.api.delete(`/v1/chapters/${chapterId}/publication`, published)).status).toBeLessThan(300);
  const handled = await until(
    () => linesOf(stack.workers[0]).find((line) => line.trace === TRACE.replace('4bf9', 'beef')),
    20_000,
    'the line of the worker',
  );
  const [unpublished] = await stack.sql<{ type: string }>('SELECT type FROM events.event WHERE id = $1', [handled.event]);
  expect(handled).toMatchObject({ context: 'Handling', msg: expect.stringContaining(unpublished.type) as string });
});

it('an answer from memory has the same line as one that was looked up', async () => {
  const author = await signUp(stack, { role: 'author' });
  const { chapterId } = await begunChapter(author, { markdown: 'The lamp is out.', publish: true });
  const [lookedUp, inMemory] = [randomUUID(), randomUUID()];
  for (const id of [lookedUp, inMemory])
    await author.api.get(`/v1/chapters/${chapterId}`, { traceparent: TRACEPARENT, 'x-request-id': id });
  for (const id of [lookedUp, inMemory]) {
    const line = await until(
      () => linesOf(stack.webs[0]).find(({ request }) => request === id),
      5_000,
      'the line of the request',
    );
    expect(line).toMatchObject({ level: 20, actor: author.id, trace: TRACE, context: 'Request' });
    expect(line.msg).toMatch(new RegExp(`^GET /v1/chapters/${chapterId} 200 in \\d+ ms$`));
  }
});

it('a request without a trace begins one', async () => {
  const id = randomUUID();
  await stack.api.get('/v1/works', { 'x-request-id': id });
  const line = await until(() => linesOf(stack.webs[0]).find(({ request }) => request === id), 5_000, 'the line of the request');
  expect(line.trace).toMatch(/^[0-9a-f]{32}$/);
});

it('no secret of a request is in the log, also at level debug', async () => {
  const password = `a lantern ${randomUUID()}`;
  const secret = `secret-${randomUUID()}`;
  const { email, token, refreshToken } = await signUp(stack);
  await stack.api.post('/v1/sessions', { email, password });
  await stack.api.post('/v1/sessions/refresh', { refreshToken: secret });
  await stack.api.get(`/v1/live/chapter:${randomUUID()}/events?ticket=${secret}`);
  await stack.api.get(`/v1/objects/a?expires=1&signature=${secret}`);
  await stack.api.get('/v1/me', { authorization: `Bearer ${secret}`, cookie: `inkreel_board=${secret}` });
  await stack.api.post(`/admin/session?password=${secret}`, `{"password":"${secret}`, { 'content-type': 'application/json' });
  await stack.api.as(token).post('/v1/sessions/sign-out', { refreshToken });
  const log = stack.logs(100_000);
  for (const one of [password, secret, token, refreshToken]) expect(log).not.toContain(one);
  expect(log).toContain('POST /v1/sessions 401');
});
