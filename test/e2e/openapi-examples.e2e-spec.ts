/**
 * Sends the examples of the OpenAPI document, each request to a running server, and holds every answer against what the document says of
 * it: the status, the headers and the body.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { Answer } from '../support/api.js';
import { ExampleWorlds, type World } from '../support/example-world.js';
import { Description, type Media, type OpenApi, type Operation, type Parameter } from '../support/openapi.js';
import { must } from '../support/people.js';
import { type Stack, startStack } from '../support/stack.js';

/** Optional parameters whose examples are left out, and why. */
const NOT_SENT: Record<string, string> = {
  after: 'the cursor of another list',
  ticket: 'it replaces the token, and can be used once',
  epoch: 'names the history of another database',
  'Last-Event-ID': 'likewise',
  Range: 'changes the status: sent by a test of its own',
  'If-None-Match': 'likewise',
  about: 'with all filters of the events at once there is nothing to see',
  cause: 'likewise',
};

let stack: Stack;
let worlds: ExampleWorlds;
let description: Description;

beforeAll(async () => {
  stack = await startStack({ workers: 1 });
  description = new Description(must(200, await stack.api.get<OpenApi>('/openapi.json')));
  worlds = await ExampleWorlds.create(stack);
}, 240_000);

interface Sending {
  path: string;
  headers: OutgoingHttpHeaders;
  body?: string | Buffer;
}

const exampleOf = ({ schema }: Parameter): unknown => schema.examples?.[0] ?? schema.enum?.[0];

/** One request for each example of the body, or one without a body. */
function sendings(operation: Operation, world: World): Sending[] {
  const values = (place: Parameter['in']): [string, string][] =>
    (operation.parameters ?? [])
      .filter((parameter) => parameter.in === place && !(parameter.name in NOT_SENT))
      .map((parameter) => [parameter.name, world.real(String(exampleOf(parameter)))]);
  const path = values('path').reduce(
    (done, [name, value]) => done.replace(`{${name}}`, encodeURIComponent(value)),
    operation.path,
  );
  const query = new URLSearchParams(values('query')).toString();
  const headers = Object.fromEntries(values('header').map(([name, value]) => [name, name === 'If-Match' ? '*' : value]));
  const request = { path: query ? `${path}?${query}` : path, headers };
  const media = Object.entries(operation.requestBody?.content ?? {});
  if (!media.length) return [request];
  return media.flatMap(([type, content]) =>
    bodiesOf(operation, type, content).map((body) => ({
      ...request,
      headers: { ...headers, 'content-type': type },
      body: body === undefined ? world.picture : world.real(typeof body === 'string' ? body : JSON.stringify(body)),
    })),
  );
}

/** `undefined` stands for the bytes of a picture. */
function bodiesOf({ operationId }: Operation, type: string, { example, examples }: Media): unknown[] {
  const bodies = examples ? Object.values(examples).map(({ value }) => value) : [example];
  if (type.startsWith('image/')) return type === 'image/png' ? [undefined] : [];
  if (bodies.some((body) => body === undefined))
    throw new Error(`${operationId} has no example of a body: give its contract examples.`);
  return bodies;
}

const told = ({ operationId, method }: Operation, { path, body }: Sending, { status, bytes }: Answer): string =>
  `${operationId}: ${method} ${path} ${Buffer.isBuffer(body) ? '(picture)' : (body ?? '')} was answered ${status} ${bytes.toString().slice(0, 300)}`;

it('every example is taken, and answered as the document says', async () => {
  const wrong: string[] = [];
  for (const operation of description.operations) {
    let world = await worlds.for(operation.operationId);
    const count = sendings(operation, world).length;
    expect([operation.operationId, count]).not.toEqual([operation.operationId, 0]);
    for (let i = 0; i < count; i++) {
      if (i > 0) world = await worlds.for(operation.operationId);
      const request = sendings(operation, world)[i];
      const answer = await world.sender.api.send(operation.method, request.path, request.body, request.headers);
      const differences = description.differences(operation, answer);
      if (answer.status >= 300 || differences.length) wrong.push([told(operation, request, answer), ...differences].join('\n  '));
    }
  }
  expect(wrong).toEqual([]);
}, 600_000);

it('a conditional or partial read is answered as the document says', async () => {
  const wrong: string[] = [];
  for (const operation of description.operations.filter(({ responses }) => '304' in responses)) {
    const world = await worlds.for(operation.operationId);
    const [request] = sendings(operation, world);
    const ask = (headers: OutgoingHttpHeaders) => world.sender.api.get(request.path, headers);
    const { headers } = await ask({});
    const answers = [[304, await ask({ 'if-none-match': headers.etag })] as const];
    if ('206' in operation.responses) answers.push([206 as never, await ask({ range: 'bytes=0-9' })]);
    for (const [status, answer] of answers) {
      const differences = description.differences(operation, answer);
      if (answer.status !== status || differences.length)
        wrong.push([told(operation, request, answer), ...differences].join('\n  '));
    }
  }
  expect(wrong).toEqual([]);
}, 300_000);

it('a refusal is answered as the document says', async () => {
  const wrong: string[] = [];
  const world = await worlds.for('refusals');
  for (const operation of description.operations) {
    const [request] = sendings(operation, world);
    const answers = [
      await world.sender.api.send(operation.method, `${request.path.split('?')[0]}?unheardOf=1`, request.body, request.headers),
    ];
    if (operation['x-access'] !== 'public')
      answers.push(await stack.api.send(operation.method, request.path, request.body, request.headers));
    for (const answer of answers) {
      const differences = description.differences(operation, answer);
      if (answer.status < 400 || differences.length) wrong.push([told(operation, request, answer), ...differences].join('\n  '));
    }
  }
  expect(wrong).toEqual([]);
}, 300_000);

it('every example of an answer is as its schema says', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const { operationId, responses } of description.operations)
    for (const response of Object.values(responses))
      for (const { schema, example } of Object.values(description.resolve(response).content ?? {}))
        if (schema && example !== undefined) {
          seen++;
          wrong.push(...description.faults(schema, example).map((fault) => `${operationId}: ${fault}`));
        }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(50);
});
