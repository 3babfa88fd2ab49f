/**
 * Sends every operation of the OpenAPI document input that no client should send: valid input with one part changed. No answer
 * may be an internal error, and invalid input is refused.
 */
import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import type { Answer } from '../support/api.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

/** Inputs of one kind for one operation; a hundred find more and take minutes. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 15);

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  type?: string | string[];
  enum?: unknown[];
  examples?: unknown[];
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Operation {
  operationId: string;
  parameters?: { name: string; in: 'path' | 'query' | 'header'; schema?: Schema; example?: unknown }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
}
interface Call {
  method: string;
  route: string;
  operation: Operation;
}

let stack: Stack;
let calls: Call[];
let schemas: Record<string, Schema>;

beforeAll(async () => {
  stack = await startStack({ workers: 0 });
  const document = must(
    200,
    await stack.api.get<{ paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }>(
      '/openapi.json',
    ),
  );
  schemas = document.components.schemas;
  calls = Object.entries(document.paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), route, operation })),
  );
}, 90_000);

/** An admin who has a work, so that no request stops at a missing right. */
async function someone(): Promise<{ api: Api; ids: string[]; refreshToken: string; stream: string }> {
  const author: Person = await signUp(stack, { role: 'admin' });
  const { workId, chapterId, blocks } = await begunChapter(author, { markdown: 'A lamp.\n\nA quay.', publish: true });
  const comment = must(201, await author.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Hm.', block: blocks[0].id }));
  const rendition = must(201, await author.api.post(`/v1/chapters/${chapterId}/renditions`, {}));
  return {
    api: author.api,
    ids: [workId, chapterId, comment.id, rendition.id, author.id],
    refreshToken: author.refreshToken,
    stream: `chapter:${chapterId}`,
  };
}

const NEVER_TEXT = ['\0', 'a\0b', '\ud800', 'x\udfff', '\0'.repeat(40)];
const ODD_TEXT = [
  '',
  ' ',
  '\u202e',
  '😀'.repeat(500),
  "' OR 1=1 --",
  '../../etc/passwd',
  '%00',
  '${7*7}',
  'null',
  '-1',
  '1e999',
  '\r\nset-cookie: a=b',
];
const MEGABYTE = 'm'.repeat(1_048_576);
const oddText = fc.oneof(fc.constantFrom(...ODD_TEXT), fc.string({ unit: 'binary', maxLength: 60 }));
const anything = fc.oneof(
  oddText,
  fc.jsonValue(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, -1, 0.5, 1e308, [], {}, [[[]]], null),
);

function whole(schema: Schema = {}): Schema {
  if (schema.$ref) return whole(schemas[schema.$ref.split('/').pop()!]);
  const first = (schema.oneOf ?? schema.anyOf)?.[0];
  if (first) return whole(first);
  if (schema.allOf) return Object.assign({}, schema, ...schema.allOf.map(whole)) as Schema;
  return schema;
}

/** The examples of the contract. */
function decent(given: Schema | undefined): unknown {
  const schema = whole(given);
  if (schema.examples?.length) return schema.examples[0];
  if (schema.enum) return schema.enum[0];
  if (schema.properties)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, decent(property)]));
  if (schema.items) return [decent(schema.items)];
  if (schema.format === 'uuid') return randomUUID();
  return { integer: 1, number: 1, boolean: true }[String(schema.type)] ?? 'a lantern left burning';
}

type Path = (string | number)[];
/** Every place in a JSON value, the value itself not among them. */
function places(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const path = [...at, Array.isArray(value) ? Number(name) : name];
    return [path, ...places(child, path)];
  });
}
function replaced(value: unknown, [name, ...rest]: Path, by: unknown): unknown {
  if (name === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, by);
  return copy;
}
function at(value: unknown, path: Path): unknown {
  return path.reduce((inner, name) => (inner as Record<string, unknown>)[name], value);
}

/** One call: the address with its parameters, and what goes with it. */
interface Sending {
  path: string;
  headers: OutgoingHttpHeaders;
  body?: unknown;
}
type Filled = (parameter: string) => string;
function sending({ route, operation }: Call, path: Filled, body?: unknown, headers: OutgoingHttpHeaders = {}): Sending {
  const type = Object.keys(operation.requestBody?.content ?? {})[0];
  return {
    path: route.replaceAll(/\{(\w+)\}/g, (_, name: string) => path(name)),
    headers: { 'if-match': '*', ...(type && { 'content-type': type }), ...headers },
    body: type && type !== 'application/json' && typeof body !== 'string' && !Buffer.isBuffer(body) ? String(body) : body,
  };
}
/** Bodies that are taken; a draft comes as Markdown or as blocks. */
function bodies(call: Call): Record<string, unknown>[] {
  const { markdown, ...body } = (jsonBody(call) ? decent(jsonBody(call)) : {}) as Record<string, unknown>;
  if (markdown === undefined) return [body];
  const { blocks, ...rest } = body;
  return blocks ? [body, { ...rest, markdown }] : [{ ...rest, markdown }];
}
const jsonBody = ({ operation }: Call): Schema | undefined => operation.requestBody?.content['application/json']?.schema;

/** For a path parameter: the right thing, another thing, or a missing one. */
function addressed(who: { ids: string[]; stream: string }, pick: number): Filled {
  return (name) => {
    if (name === 'stream') return encodeURIComponent(who.stream);
    if (name === 'number') return '1';
    if (name === 'consumer') return 'comments';
    return who.ids[pick % who.ids.length];
  };
}

async function everyOperation(test: (call: Call, who: Awaited<ReturnType<typeof someone>>) => Promise<void>): Promise<void> {
  expect(calls.length).toBeGreaterThan(40);
  for (const call of calls) await test(call, await someone());
}

/** Sends it and shows the whole call where the answer is not as it should be. */
async function answered(api: Api, call: Call, what: Sending, right: (answer: Answer) => boolean): Promise<void> {
  const answer = await api.send(call.method, what.path, what.body, what.headers);
  // what cannot be foreseen before a worker was there once is told as that
  if (answer.status === 503 && answer.body.type === 'urn:inkreel:problem:no-worker-yet') return;
  if (answer.status < 500 && right(answer)) return;
  const shown = JSON.stringify({ ...what, body: what.body }).slice(0, 600);
  throw new Error(
    `${call.method} ${call.route} was answered ${answer.status} ${answer.bytes.toString().slice(0, 300)}\nto ${shown}`,
  );
}
const refused = ({ status, headers }: Answer): boolean =>
  status >= 400 && status < 500 && String(headers['content-type']).startsWith('application/problem+json');

it('text that Postgres cannot store is refused anywhere in a body', async () => {
  await everyOperation(async (call, who) => {
    for (const body of bodies(call))
      for (const path of places(body))
        for (const [pick, never] of NEVER_TEXT.entries())
          await answered(who.api, call, sending(call, addressed(who, pick), replaced(body, path, never)), refused);
  });
});

it('an undocumented property is refused, and so is a value of another type', async () => {
  await everyOperation(async (call, who) => {
    const schema = jsonBody(call);
    if (!schema) return;
    for (const body of bodies(call)) await spoilt(body);

    async function spoilt(body: object): Promise<void> {
      for (const name of ['unheardOf', '__proto__', 'constructor', 'role ']) {
        const more = `${JSON.stringify(body).slice(0, -1)}${places(body).length ? ',' : ''}${JSON.stringify(name)}:1}`;
        await answered(who.api, call, sending(call, addressed(who, 0), more), refused);
      }
      for (const path of places(body)) {
        const value = at(body, path);
        for (const other of [7.25, true, { deep: [1] }, [[2]], [[]], 'no such thing'])
          if (typeof other !== typeof value || Array.isArray(other) !== Array.isArray(value))
            await answered(who.api, call, sending(call, addressed(who, 1), replaced(body, path, other)), refused);
      }
      for (const other of [[], [body], '"text"', '7', 'null', '{', '', '{"a":', `${'['.repeat(5_000)}${']'.repeat(5_000)}`])
        await answered(who.api, call, sending(call, addressed(who, 1), other), ({ status }) => status < 500);
    }
  });
});

it('a megabyte in place of a word is refused', async () => {
  await everyOperation(async (call, who) => {
    for (const body of bodies(call))
      // the text of a chapter may be that long
      for (const path of places(body).filter((one) => !one.includes('markdown')))
        if (typeof at(body, path) !== 'object')
          await answered(who.api, call, sending(call, addressed(who, 1), replaced(body, path, MEGABYTE)), refused);
    await answered(
      who.api,
      call,
      sending(call, () => 'm'.repeat(4_000)),
      ({ status }) => status < 500,
    );
    await answered(who.api, call, { ...sending(call, addressed(who, 1)), body: MEGABYTE }, ({ status }) => status < 500);
  });
});

it('an undocumented query key is refused, and odd values of the others are no internal error', async () => {
  await everyOperation(async (call, who) => {
    const plain = sending(call, addressed(who, 1), bodies(call)[0]);
    if (!['/livez', '/readyz'].includes(call.route) && !call.route.startsWith('/v1/objects'))
      await answered(who.api, call, { ...plain, path: `${plain.path}?unheardOf=1` }, refused);
    const known = (call.operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    if (!known.length) return;
    await answered(who.api, call, { ...plain, path: `${plain.path}?${known[0]}=1&${known[0]}=2` }, refused);
    for (const never of ['%00', 'a%00b', '%ED%A0%80', '%ff', '%'])
      for (const name of known)
        await answered(who.api, call, { ...plain, path: `${plain.path}?${name}=${never}` }, ({ status }) => status < 500);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...known), oddText, async (name, text) => {
        const path = `${plain.path}?${name}=${encodeURIComponent(text.toWellFormed())}`;
        await answered(who.api, call, { ...plain, path }, ({ status }) => status < 500);
      }),
      { numRuns: RUNS },
    );
  });
});

it('no address is an internal error', async () => {
  await everyOperation(async (call, who) => {
    const segment = fc.oneof(
      fc.constantFrom(
        '%00',
        '%ff',
        '%ED%A0%80',
        '..',
        '%2e%2e',
        '%2f',
        '%',
        'null',
        '0',
        '-1',
        '99999999999999999999',
        '1.5',
        'work:1',
      ),
      fc.constantFrom(...who.ids),
      oddText.map((text) => encodeURIComponent(text.toWellFormed())),
    );
    if (!call.route.includes('{')) return;
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 3, maxLength: 3 }), async (segments) => {
        let next = 0;
        const what = sending(call, () => segments[next++], bodies(call)[0]);
        await answered(who.api, call, what, ({ status }) => status < 500);
      }),
      { numRuns: RUNS },
    );
  });
});

it('no header is an internal error', async () => {
  const names = [
    'if-match',
    'if-none-match',
    'idempotency-key',
    'last-event-id',
    'range',
    'content-type',
    'accept',
    'authorization',
    'cookie',
    'x-request-id',
  ];
  const headerText = fc.oneof(
    fc.constantFrom(
      '*',
      '""',
      'W/"1"',
      '"99999999999999999999"',
      'bytes=0-',
      'bytes=-1',
      'bytes=9-1,0-',
      'Bearer',
      'Bearer a.b.c',
      'text/event-stream',
      '\u00ff',
      '',
    ),
    fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '~')),
  );
  await everyOperation(async (call, who) => {
    const type = Object.keys(call.operation.requestBody?.content ?? {})[0];
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), headerText, { maxKeys: 4 }), fc.nat(4), async (headers, pick) => {
        const what = sending(call, addressed(who, pick), bodies(call)[0], {
          ...(type && { 'content-type': type }),
          ...headers,
        });
        await answered(who.api, call, what, ({ status }) => status < 500);
      }),
      { numRuns: RUNS },
    );
  });
});

it('no body is an internal error', async () => {
  await everyOperation(async (call, who) => {
    if (!call.operation.requestBody) return;
    const spots = bodies(call).flatMap((body) => places(body).map((spot) => ({ body, spot })));
    const spoilt = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes): unknown => Buffer.from(bytes)),
      fc.jsonValue().map((value): unknown => JSON.stringify(value)),
      ...(spots.length
        ? [fc.tuple(fc.constantFrom(...spots), anything).map(([{ body, spot }, by]) => replaced(body, spot, by))]
        : []),
    );
    await fc.assert(
      fc.asyncProperty(spoilt, fc.nat(4), async (sent, pick) => {
        await answered(who.api, call, sending(call, addressed(who, pick), sent), ({ status }) => status < 500);
      }),
      { numRuns: RUNS * 2 },
    );
  });
});

afterEach(() => {
  // the process that was sent all this still is the one that was started
  expect(stack.webs.map(({ isAlive }) => isAlive)).toEqual([true]);
});
