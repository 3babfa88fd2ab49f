/**
 * The codes that an operation can refuse with, by status, for the OpenAPI document: those of its own, which the build reads from the code
 * (tools/launcher/route-refusals.cjs), and those that its marks and parameters bring.
 */
import { STATUS_CODES } from 'node:http';
import type { RefusalKind } from '#libs/kernel/domain-error';
import { STATUS } from './problems.js';
import { COMMON_HEADERS, type HeaderName, headerRefs } from './response-headers.js';

/** Its kind or status, its code, and its sentence, with `…` for what is filled in. */
export type RouteRefusal = readonly [RefusalKind | number, string, string];

const EVERY_ROUTE: RouteRefusal[] = [
  [400, 'bad-request', 'The request cannot be understood: check it against /openapi.json.'],
  [400, 'invalid-text', 'The text at … holds U+0000 or half a character: remove it.'],
  [400, 'unknown-query-key', 'This route takes …; remove "…".'],
  [400, 'repeated-query-key', 'Give "…" once.'],
  [400, 'too-many-query-keys', 'There are more than 32 query parameters.'],
  [401, 'access-token-refused', 'The access token is missing, altered or expired: refresh it or sign in.'],
  [401, 'token-revoked', 'This access token was revoked: get a new one from POST /v1/sessions/refresh.'],
  [429, 'too-many-requests', 'Wait as long as Retry-After says.'],
  [503, 'database-unavailable', 'The database does not answer at the moment: try again in a few seconds.'],
  [503, 'revocations-unavailable', 'Whether the token was revoked cannot be told at the moment: try again in a few seconds.'],
];
const BODY: RouteRefusal[] = [
  [400, 'invalid-input', 'Mend what "errors" points at and send it again.'],
  [400, 'empty-body', 'Content-Type says JSON but the body is empty: send an object, or no Content-Type.'],
  [400, 'malformed-json', 'The body is not valid JSON.'],
  [400, 'body-too-deep', 'The body nests deeper than this route takes.'],
  [400, 'body-too-many-values', 'The body holds more values than this route takes.'],
  [413, 'body-too-large', 'The body is larger than this route takes: send less at once.'],
  [415, 'unsupported-media-type', 'This route takes …, and Content-Type has to say so.'],
];
const NO_BODY: RouteRefusal[] = [[400, 'unexpected-body', 'This route takes no body: send none.']];
const BY_PARAMETER: Record<string, RouteRefusal[]> = {
  query: [[400, 'invalid-input', 'Mend what "errors" points at and send it again.']],
  path: [[414, 'parameter-too-long', 'A part of the path is too long.']],
  number: [[400, 'bad-number', 'The number in the path must be a whole number from 0 to 2147483647.']],
  'If-Match': [
    [400, 'bad-if-match', 'If-Match must hold ETags as you got them, quotes included, like "3".'],
    [428, 'if-match-missing', 'Send If-Match with the ETag you got when reading it.'],
  ],
  'Idempotency-Key': [
    [400, 'bad-idempotency-key', 'Idempotency-Key must be 8 to 255 characters: a new random UUID for each new thing you do.'],
    [409, 'idempotency-key-in-use', 'A request with this Idempotency-Key is running: repeat it in a moment to get its answer.'],
    [422, 'idempotency-key-reused', 'This Idempotency-Key came with another body before: use a new key for a new request.'],
  ],
};
const SCOPE: RouteRefusal[] = [[403, 'scope-missing', 'The access token lacks the scope: ask for a token that has it.']];
const SIGN_UP: RouteRefusal[] = [
  [503, 'sign-in-unavailable', 'Signing in and up is not possible at the moment: try again in a few seconds.'],
];

const HEADERS: Record<number, HeaderName[]> = {
  401: ['WWW-Authenticate'],
  409: ['Retry-After'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};
/** No client gets it: it has gone. */
const CLIENT_GONE = 499;

interface Refusing {
  parameters?: { in: string; name: string; schema?: { type?: unknown } }[];
  requestBody?: object;
  'x-access'?: string;
  'x-rate-limit'?: string;
}

interface Answering {
  responses: Record<string, object>;
}

/** Moves refusals that several operations share to `components.responses`: with a copy at each the document is thrice as large. */
export function shareRefusals(operations: readonly Answering[]): Record<string, object> {
  const uses = new Map<string, { status: string; by: Answering[] }>();
  for (const operation of operations)
    for (const [status, response] of Object.entries(operation.responses)) {
      if (!(Number(status) >= 400)) continue;
      const key = JSON.stringify(response);
      const use = uses.get(key) ?? { status, by: [] };
      use.by.push(operation);
      uses.set(key, use);
    }
  const shared: Record<string, object> = {};
  for (const [key, { status, by }] of uses) {
    if (by.length === 1) continue;
    const title = (STATUS_CODES[status] ?? 'Refused').replaceAll(/\W/g, '');
    const count = Object.keys(shared).filter((name) => name.replace(/\d+$/, '') === title).length;
    const name = count ? `${title}${count + 1}` : title;
    shared[name] = JSON.parse(key) as object;
    for (const operation of by) operation.responses[status] = { $ref: `#/components/responses/${name}` };
  }
  return shared;
}

/** @param own read from the code. @returns responses by status. */
export function refusalResponses(operation: Refusing, own: readonly RouteRefusal[]): Record<string, object> {
  const byStatus = new Map<number, Map<string, string>>();
  for (const [kind, code, sentence] of [...marked(operation), ...own]) {
    const status = typeof kind === 'number' ? kind : STATUS[kind];
    if (status === CLIENT_GONE) continue;
    byStatus.set(status, (byStatus.get(status) ?? new Map<string, string>()).set(code, sentence));
  }
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, refusal(status, codes)]));
}

function marked(operation: Refusing): RouteRefusal[] {
  const parameters = operation.parameters ?? [];
  const named = parameters.flatMap(({ in: place, name, schema }) => [
    ...(BY_PARAMETER[place] ?? []),
    ...(BY_PARAMETER[name] ?? []),
    ...(place === 'path' && schema?.type === 'integer' ? BY_PARAMETER.number : []),
  ]);
  return [
    ...EVERY_ROUTE,
    ...(operation['x-access'] === 'scope' ? SCOPE : []),
    ...(operation['x-rate-limit'] === 'auth' ? SIGN_UP : []),
    ...(operation.requestBody ? BODY : NO_BODY),
    ...named,
  ];
}

function refusal(status: number, codes: ReadonlyMap<string, string>): object {
  const sorted = [...codes].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = sorted.map(([code, sentence]) => `- \`${code}\`${sentence && `: ${sentence}`}`);
  const types = sorted.map(([code]) => `urn:inkreel:problem:${code}`);
  return {
    description: [`${STATUS_CODES[status] ?? 'Refused'}:`, '', ...lines].join('\n'),
    headers: headerRefs([...COMMON_HEADERS, 'Cache-Control', ...(HEADERS[status] ?? [])]),
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Problem' }], properties: { type: { type: 'string', enum: types } } },
      },
    },
  };
}
