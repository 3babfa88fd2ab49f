/** Bodies with too many or too deep values: they are refused by counting, before they are parsed. */
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import type { Schema } from '../../libs/http/body-schema.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

let stack: Stack;
let visitor: Api;
let mira: Person;
let chapterId: string;
let workId: string;

beforeAll(async () => {
  stack = await startStack({ workers: 0 });
  visitor = stack.api;
  mira = await signUp(stack, { role: 'author' });
  ({ chapterId, workId } = await begunChapter(mira, { markdown: 'A lamp.', publish: true }));
}, 90_000);

const NOBODY = '0197f0f6-3a51-7b3e-8b62-0a4be0d3f0ff';
const JSON_TYPE = { 'content-type': 'application/json', 'if-match': '*' };
const list = (item: string, times: number) => `[${Array.from({ length: times }, () => item).join(',')}]`;
const keys = (times: number) => `{${Array.from({ length: times }, (_, i) => `"k${i}":1`).join(',')}}`;

/** CPU seconds that the web process has used. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${stack.webs[0].pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const refusals: [string, () => { api: Api; method: string; path: string; body: string; answer: RegExp }][] = [
  [
    '200,000 unknown keys at sign-in',
    () => ({ api: visitor, method: 'POST', path: '/v1/sessions', body: keys(200_000), answer: /^413 body-too-large/ }),
  ],
  [
    'as many keys as fit at sign-in',
    () => ({ api: visitor, method: 'POST', path: '/v1/sessions', body: keys(1_400), answer: /^400 body-too-many-values/ }),
  ],
  [
    '800,000 empty blocks',
    () => ({
      api: mira.api,
      method: 'PUT',
      path: `/v1/chapters/${chapterId}/draft`,
      body: `{"blocks":${list('{}', 800_000)}}`,
      answer: /^400 body-too-many-values/,
    }),
  ],
  [
    '5,000 empty blocks',
    () => ({
      api: mira.api,
      method: 'PUT',
      path: `/v1/chapters/${chapterId}/draft`,
      body: `{"blocks":${list('{}', 5_000)}}`,
      answer: /^400 invalid-input/,
    }),
  ],
  [
    '400,000 empty lexicon entries',
    () => ({
      api: mira.api,
      method: 'PUT',
      path: `/v1/works/${workId}/lexicon`,
      body: `{"entries":${list('{}', 400_000)}}`,
      answer: /^400 body-too-many-values/,
    }),
  ],
  [
    '1,200,000 numbers',
    () => ({
      api: mira.api,
      method: 'PUT',
      path: `/v1/chapters/${chapterId}/draft`,
      body: `{"blocks":${list('1', 1_200_000)}}`,
      answer: /^400 body-too-many-values/,
    }),
  ],
  [
    'lists in lists in lists',
    () => ({
      api: mira.api,
      method: 'PUT',
      path: `/v1/chapters/${chapterId}/draft`,
      body: '['.repeat(1_000_000) + ']'.repeat(1_000_000),
      answer: /^400 body-too-deep/,
    }),
  ],
  [
    'a megabyte of keys that a dry run does not know',
    () => ({
      api: mira.api,
      method: 'POST',
      path: `/v1/chapters/${chapterId}/renditions/dry-run`,
      body: keys(60_000),
      answer: /^400 body-too-many-values/,
    }),
  ],
];

/** CPU seconds of one request: the least of three measurements of five requests, as the kernel counts hundredths. */
async function cost(request: () => Promise<void>): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const began = cpuSeconds();
    for (let i = 0; i < 5; i++) await request();
    costs.push((cpuSeconds() - began) / 5);
  }
  return Math.min(...costs);
}

it.each(refusals)('%s are refused in 50 ms more than it takes to receive them', async (_, make) => {
  const { api, method, path, body, answer } = make();
  const refuse = async (): Promise<void> => {
    const refused = await api.send(method, path, body, JSON_TYPE);
    const said = `${refused.status} ${refused.body.type.replace('urn:inkreel:problem:', '')}`;
    expect(said).toMatch(answer);
    expect(((refused.body.errors as object[] | undefined) ?? []).length).toBeLessThanOrEqual(20);
  };
  await refuse();
  if (platform() !== 'linux') return;
  // a text of as many bytes, for a work that is not there
  const receive = async (): Promise<void> => {
    const text = await mira.api.post(`/v1/works/${NOBODY}/imports`, ' '.repeat(body.length), { 'content-type': 'text/plain' });
    expect(text.status).toBe(404);
  };
  // validation took 18 s and more
  expect((await cost(refuse)) - (await cost(receive))).toBeLessThan(0.05);
});

it('the largest bodies that the contract allows are taken', async () => {
  const blocks = Array.from({ length: 5_000 }, (_, i) => ({ kind: 'paragraph', text: `Lamp ${i}, "[{,".` }));
  must(200, await mira.api.put(`/v1/chapters/${chapterId}/draft`, { title: 'All', blocks }, { 'if-match': '*' }));
  const entries = Array.from({ length: 2_000 }, (_, i) => ({
    written: `word${i}`,
    spoken: 'said',
    language: 'en',
    caseSensitive: true,
  }));
  must(200, await mira.api.put(`/v1/works/${workId}/lexicon`, { entries }, { 'if-match': '*' }));
  // every character as six bytes
  const body = JSON.stringify({ body: '灯'.repeat(10_000) }).replaceAll('灯', '\\u706f');
  must(201, await mira.api.post(`/v1/chapters/${chapterId}/comments`, body, { 'content-type': 'application/json' }));
});

interface Operation {
  requestBody?: { content: Record<string, { schema?: Schema }> };
  'x-body-limit'?: number;
}

it('the OpenAPI document says of every body how large it may be, and of every list how long', async () => {
  const document = must(
    200,
    await visitor.get<{ paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }>(
      '/openapi.json',
    ),
  );
  const open: string[] = [];
  const look = (schema: Schema | undefined, at: string): void => {
    if (!schema) return;
    const whole = schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!] : schema;
    if (whole.items && whole.maxItems === undefined) open.push(at);
    look(whole.items, `${at}[]`);
    for (const part of whole.allOf ?? []) look(part, at);
    for (const [name, property] of Object.entries(whole.properties ?? {})) look(property, `${at}.${name}`);
  };
  const limits: Record<string, number | undefined> = {};
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods)) {
      if (!operation.requestBody) continue;
      limits[`${method.toUpperCase()} ${path}`] = operation['x-body-limit'];
      for (const { schema } of Object.values(operation.requestBody.content)) look(schema, `${method} ${path}`);
    }
  expect(open).toEqual([]);
  expect(Object.values(limits).every((limit) => typeof limit === 'number')).toBe(true);
  expect([limits['POST /v1/sessions'], limits['POST /v1/accounts']]).toEqual([16_384, 16_384]);
  expect(limits['POST /v1/comments/{id}/replies']).toBe(81_920);
  expect(limits['PUT /v1/chapters/{id}/draft']).toBe(2_500_000);
});

it('the OpenAPI document names what a busy server, a full quota and a rate limit answer', async () => {
  interface Answer {
    description: string;
    headers: object;
  }
  interface Document {
    paths: Record<string, Record<string, { responses: Record<string, Answer | { $ref: string }> }>>;
    components: { responses: Record<string, Answer> };
  }
  const { paths, components } = must(200, await visitor.get<Document>('/openapi.json'));
  // an answer that several operations share stands among the components
  const answer = (path: string, method: string, status: string): Answer => {
    const one = paths[path][method].responses[status];
    return '$ref' in one ? components.responses[one.$ref.split('/').at(-1)!] : one;
  };
  for (const [path, method] of [
    ['/v1/accounts', 'post'],
    ['/v1/chapters/{id}/draft', 'put'],
    ['/v1/works/{id}/imports', 'post'],
    ['/v1/works/{id}/cover', 'put'],
  ] as const) {
    expect(answer(path, method, '503').description).toContain('`server-busy`');
    expect(answer(path, method, '429').description).toContain('`too-many-requests`');
    expect(answer(path, method, '429').headers).toHaveProperty('Retry-After');
  }
  expect(answer('/v1/chapters/{id}/renditions', 'post', '429').description).toContain('`too-much-in-a-day`');
  for (const [path, method] of [['/v1/works/{id}/cover', 'put'] as const, ['/v1/works/{id}/pictures', 'post'] as const])
    expect(answer(path, method, '403').description).toContain('`storage-quota-exceeded`');
});
