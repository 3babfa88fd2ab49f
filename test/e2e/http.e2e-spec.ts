import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { AccountResponse } from '../../src/auth/infrastructure/auth.contract.js';
import type { WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import type { Answer } from '../support/api.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

const FRONT_END = 'https://read.example.org';
let stack: Stack;
let visitor: Api;
let mira: Person;

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0, env: { WEB_ORIGINS: FRONT_END } });
  visitor = stack.api;
  mira = await signUp(stack, { role: 'author' });
}, 90_000);

const WORK = { title: 'The Lamplighter', language: 'en' };
const key = (value: string = randomUUID()) => ({ 'idempotency-key': value });
const worksCalled = async (title: string) =>
  (await stack.sql<{ n: number }>('SELECT count(*)::int AS n FROM chapters.work WHERE title = $1', [title]))[0].n;

/** That an answer is a problem document, and which. */
function problem({ status, headers, body }: Answer): string {
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({ status, title: expect.stringMatching(/^[A-Z]/), instance: expect.stringMatching(/^[/*]/) });
  expect(body.detail).toMatch(/^[A-Z0-9“"].{10,}[.:…]$/s);
  expect(body.request).toBe(headers['x-request-id']);
  return `${status} ${body.type.replace('urn:inkreel:problem:', '')}`;
}

describe('a POST with an Idempotency-Key', () => {
  it('sent to two processes one after the other acts once and is answered alike', async () => {
    const title = `Once ${randomUUID()}`;
    const header = key();
    const send = (api: Api) => api.post<WorkResponse>('/v1/works', { ...WORK, title }, header);
    const at = stack.webs.map(({ url }) => mira.api.at(url));
    const answers = [await send(at[0]), await send(at[1]), await send(at[0])];
    const [first] = answers;
    for (const { status, body, headers } of answers) {
      expect([status, body]).toEqual([201, first.body]);
      expect([headers.location, headers.etag]).toEqual([`/v1/works/${first.body.id}`, first.headers.etag]);
    }
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(answers.length - 1);
    expect(await worksCalled(title)).toBe(1);
  });

  it('is for every route that creates', async () => {
    const { chapterId, workId, blocks } = await begunChapter(mira, { markdown: 'One.', publish: true });
    const comment = must(201, await mira.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Hm.', block: blocks[0].id }));
    const document = must(200, await visitor.get<OpenApi>('/openapi.json'));
    const creating = Object.entries(document.paths).filter(([, methods]) => methods.post?.responses['201']);
    const takers = creating.filter(([, { post }]) => post.parameters?.some(({ name }) => name === 'Idempotency-Key'));
    // a session, a ticket or an invitation is a secret, which is not kept to be told again; a picture is named by its bytes, so twice is once
    expect(creating.filter((one) => !takers.includes(one)).map(([path]) => path)).toEqual([
      '/v1/live/tickets',
      '/v1/sessions',
      '/v1/works/{id}/invitations',
      '/v1/works/{id}/pictures',
    ]);
    for (const [path, body] of [
      ['/v1/works', WORK],
      [`/v1/works/${workId}/chapters`, { title: 'Next' }],
      [`/v1/chapters/${chapterId}/comments`, { body: 'Well.' }],
      [`/v1/comments/${comment.id}/replies`, { body: 'Indeed.' }],
    ] as const) {
      const header = key();
      const [one, two] = [await mira.api.post(path, body, header), await mira.api.post(path, body, header)];
      expect([path, one.status, two.status, two.body.id]).toEqual([path, 201, 201, one.body.id]);
    }
  });

  it('that came with another body before is refused', async () => {
    const header = key();
    must(201, await mira.api.post('/v1/works', WORK, header));
    expect(problem(await mira.api.post('/v1/works', { ...WORK, title: 'Other' }, header))).toBe('422 idempotency-key-reused');
  });

  it('is the caller’s own: another account and another address may have the same', async () => {
    const header = key();
    const theo = await signUp(stack, { role: 'author' });
    const { id } = must(201, await mira.api.post('/v1/works', WORK, header));
    expect(must(201, await theo.api.post('/v1/works', WORK, header)).id).not.toBe(id);
    must(201, await mira.api.post(`/v1/works/${id}/chapters`, { title: 'One' }, header));
  });

  it('that failed leaves nothing behind, and may be tried again', async () => {
    const header = key();
    const mirror = { email: `${randomUUID()}@example.org`, name: 'Mirror', password: 'aaaaaaaaaaaaaaaa' };
    expect(problem(await visitor.post('/v1/accounts', mirror, header))).toBe('422 password-too-weak');
    const better = { ...mirror, password: 'a lantern left burning' };
    must(201, await visitor.post<AccountResponse>('/v1/accounts', better, header));
  });

  it('must have at least eight characters', async () => {
    for (const value of ['short', 'x'.repeat(256)])
      expect(problem(await mira.api.post('/v1/works', WORK, key(value)))).toBe('400 bad-idempotency-key');
  });
});

describe('a refusal', () => {
  it('names the methods of an address that does not take the method, and says what to do where no route is', async () => {
    expect(problem(await visitor.get('/v1/nothing'))).toBe('404 no-such-route');
    expect(problem(await visitor.get('/v1/works/'))).toBe('404 no-such-route');
    const wrong = await mira.api.delete('/v1/works');
    expect(problem(wrong)).toBe('405 method-not-allowed');
    expect(wrong.headers.allow).toBe('GET, HEAD, POST');
    expect(problem(await mira.api.post(`/v1/chapters/${randomUUID()}`, {}))).toBe('405 method-not-allowed');
    expect(problem(await visitor.send('PROPFIND', '/v1/works'))).toMatch(/^40[45] /);
  });

  it('is a problem document also before a route is found', async () => {
    expect(problem(await visitor.get('/v1/works/%zz'))).toBe('400 bad-url');
    expect(problem(await visitor.get(`/v1/works/${'a'.repeat(300)}`))).toBe('414 parameter-too-long');
    expect(problem(await visitor.get('/v1/works/not-a-uuid'))).toMatch(/^400 /);
    const { port } = new URL(stack.webs[0].url);
    const said = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /livez HTTP/1.1\r\nno colon here\r\n\r\n'));
      let text = '';
      socket.on('data', (data) => (text += data.toString())).on('close', () => resolve(text));
    });
    expect(said).toMatch(/^HTTP\/1\.1 400 [\s\S]*content-type: application\/problem\+json/i);
  });

  it('names the types that a route takes, when it gets another', async () => {
    const { id } = must(201, await mira.api.post('/v1/works', WORK));
    const xml = { 'content-type': 'application/xml' };
    const images = 'image/jpeg, image/png, image/webp';
    for (const [method, path, types, own] of [
      ['POST', '/v1/works', 'application/json', 'accept-post'],
      ['POST', `/v1/works/${id}/imports`, 'text/markdown, text/plain', 'accept-post'],
      ['POST', `/v1/works/${id}/pictures`, images, 'accept-post'],
      ['PUT', `/v1/works/${id}/cover`, images, undefined],
      ['PATCH', `/v1/works/${id}`, 'application/json', 'accept-patch'],
    ] as const) {
      const { status, body, headers } = await mira.api.send(method, path, '<a/>', xml);
      expect([path, status, headers.accept, own && headers[own]]).toEqual([path, 415, types, own && types]);
      expect(body.accepts).toEqual(types.split(', '));
      expect(body.detail).toContain(types.replaceAll(', ', ' or '));
    }
  });

  it('says what is wrong with a body: its size, its kind, its JSON, its shape', async () => {
    const post = (body: unknown, headers = {}) => mira.api.post('/v1/works', body, headers);
    expect(problem(await post({ ...WORK, title: 'x'.repeat(3_000_000) }))).toBe('413 body-too-large');
    expect(problem(await post('<work/>', { 'content-type': 'application/xml' }))).toBe('415 unsupported-media-type');
    expect(problem(await post('title', { 'content-type': 'text/plain' }))).toBe('415 unsupported-media-type');
    expect(problem(await post(Buffer.from([137, 80]), { 'content-type': 'image/png' }))).toBe('415 unsupported-media-type');
    const withBody = await mira.api.send('DELETE', `/v1/comments/${randomUUID()}`, 'x', { 'content-type': 'text/plain' });
    expect(problem(withBody)).toBe('400 unexpected-body');
    const json = { 'content-type': 'application/json' };
    expect(problem(await post('{"title":', json))).toBe('400 malformed-json');
    expect(problem(await post('', json))).toBe('400 empty-body');
    expect(problem(await post('{"__proto__":{"title":"x"}}', json))).toMatch(/^400 /);
    expect(problem(await post('['.repeat(20_000), json))).toBe('400 body-too-deep');
    expect(problem(await post('['.repeat(200_000), json))).toBe('413 body-too-large');
    expect(problem(await post('['.repeat(2_000) + ']'.repeat(2_000), json))).toMatch(/^400 /);
    for (const body of ['null', '[]', '"text"', '7', 'true', '{}'])
      expect([body, problem(await post(body, json))]).toEqual([body, '400 invalid-input']);
    expect(problem(await post(undefined))).toBe('400 invalid-input');
  });

  it('points at the property that is unknown or invalid', async () => {
    const post = (body: object) => mira.api.post<{ errors: { pointer: string }[] } & Answer['body']>('/v1/works', body);
    for (const [pointer, body] of [
      ['/ownerId', { ...WORK, ownerId: randomUUID() }],
      ['/title', { ...WORK, title: 7 }],
      ['/title', { ...WORK, title: ['a'] }],
      ['/language', { title: 'x' }],
      ['/language', { ...WORK, language: 'English' }],
    ] as const) {
      const refused = await post(body);
      expect([pointer, problem(refused), refused.body.errors[0].pointer]).toEqual([pointer, '400 invalid-input', pointer]);
    }
    for (const text of ['a\0b', 'half \ud83d a lamp', '\udfee']) {
      expect(problem(await post({ ...WORK, title: text }))).toBe('400 invalid-text');
      expect(problem(await post({ ...WORK, [text]: 1 }))).toBe('400 invalid-text');
    }
    expect(problem(await visitor.get('/v1/works?after=%00'))).toBe('400 invalid-text');
  });

  it('names a query key that the route does not know, or that came twice', async () => {
    const unknown = await visitor.get('/v1/works?limit=2&page=3');
    expect([problem(unknown), unknown.body.detail]).toEqual([
      '400 unknown-query-key',
      expect.stringMatching(/limit, after.*"page"|"page"/),
    ]);
    expect(problem(await visitor.get('/v1/works?limit=2&limit=3'))).toBe('400 repeated-query-key');
    expect(problem(await visitor.get(`/v1/chapters/${randomUUID()}?draft=1`))).toBe('400 unknown-query-key');
    expect(problem(await visitor.get('/v1/works?__proto__=1'))).toMatch(/^400 /);
    expect(
      problem(await mira.api.send('DELETE', `/v1/chapters/${randomUUID()}/publication`, { why: 'x' }, { 'if-match': '*' })),
    ).toBe('400 unexpected-body');
  });
});

describe('every answer', () => {
  it('carries the request’s id, the caller’s own where it is a decent one', async () => {
    expect((await visitor.get('/livez', { 'x-request-id': 'my-request-1' })).headers['x-request-id']).toBe('my-request-1');
    for (const bad of ['x', 'with space', 'a'.repeat(65)])
      expect((await visitor.get('/livez', { 'x-request-id': bad })).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('forbids browsers scripts, sniffing and frames', async () => {
    for (const path of ['/v1/works', '/v1/nothing']) {
      const { headers } = await visitor.get(path);
      expect(headers['content-security-policy']).toContain(`default-src 'none'`);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
  });

  it('may be read by the front ends that are configured, and by no other', async () => {
    const ours = await visitor.send('OPTIONS', '/v1/works', undefined, {
      origin: FRONT_END,
      'access-control-request-method': 'POST',
    });
    expect([ours.status, ours.headers['access-control-allow-origin']]).toEqual([204, FRONT_END]);
    const foreign = await visitor.get('/v1/works', { origin: 'https://evil.example' });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    expect(ours.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  'x-access'?: string;
  'x-scope'?: string;
  summary?: string;
  operationId: string;
  security?: object[];
  parameters?: { name: string; in: string }[];
  responses: Record<string, object>;
}

describe('the OpenAPI document', () => {
  it('says of every operation who may call it, what it does and what a refusal looks like', async () => {
    const { paths } = must(200, await visitor.get<OpenApi>('/openapi.json'));
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations.length).toBeGreaterThan(30);
    for (const operation of operations) {
      expect([operation.operationId, operation['x-access']]).toEqual([
        operation.operationId,
        expect.stringMatching(/^(public|authenticated|scope)$/),
      ]);
      expect([operation.operationId, 'x-scope' in operation]).toEqual([operation.operationId, operation['x-access'] === 'scope']);
      expect([operation.operationId, operation.summary]).toEqual([operation.operationId, expect.stringMatching(/\w+/)]);
      // on a public route a token may be sent, and must be valid then
      expect([operation.operationId, operation.security]).toEqual([
        operation.operationId,
        operation['x-access'] === 'public' ? [{}, { bearer: [] }] : [{ bearer: [] }],
      ]);
      expect(operation.responses.default).toEqual({ $ref: '#/components/responses/Refused' });
    }
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+([A-Z][a-z0-9]*)+$/.test(id))).toEqual([]);
  });
});
