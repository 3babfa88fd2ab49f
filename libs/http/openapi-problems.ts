/** What refusals look like in the OpenAPI document. */
import { COMMON_HEADERS, type HeaderName, headerRefs } from './response-headers.js';

const REQUEST_ID = '6f1c2f7e-0d54-4c0a-9a5e-3f0d8f6f2b11';

export const PROBLEM_SCHEMAS = {
  ProblemError: {
    type: 'object',
    description: 'One fault of the body or the query.',
    required: ['pointer', 'detail'],
    properties: {
      pointer: { type: 'string', description: 'JSON pointer to it (RFC 6901).', example: '/title' },
      detail: { type: 'string', example: 'title must be longer than or equal to 1 characters' },
    },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457: `detail` says what to do, `type` is stable and made for machines. A problem may have more members.',
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: {
        type: 'string',
        format: 'uri',
        description: '`urn:inkreel:problem:` and the code of the refusal.',
        example: 'urn:inkreel:problem:chapter-not-found',
      },
      title: { type: 'string', example: 'Chapter not found' },
      status: { type: 'integer', format: 'int32', example: 404 },
      detail: { type: 'string', example: 'There is no such chapter, or it is not published.' },
      instance: {
        type: 'string',
        description: 'The path of the request.',
        example: '/v1/chapters/0197f0f6-3a51-7b3e-8b62-0a4be0d3f003',
      },
      request: { type: 'string', description: 'Quote it when you report a problem.', example: REQUEST_ID },
      errors: {
        type: 'array',
        description: 'What is wrong with the input, at most 20 faults.',
        items: { $ref: '#/components/schemas/ProblemError' },
      },
      retryAfter: { type: 'integer', format: 'int32', description: 'Seconds, as in Retry-After.', example: 30 },
    },
  },
};

const problemResponse = (description: string, ...headers: HeaderName[]): object => ({
  description,
  headers: headerRefs([...COMMON_HEADERS, 'Cache-Control', ...headers]),
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** The document names them in `components.responses`. */
export const PROBLEM_RESPONSES = {
  Refused: problemResponse('Refused: a problem document.'),
  NotSignedIn: problemResponse('The access token is missing, has expired, or was revoked.', 'WWW-Authenticate'),
  TooManyRequests: problemResponse(
    '`too-many-requests`: a rate limit is reached; `x-rate-limit` of the operation names its class. A film may also be refused with ' +
      '`too-much-in-a-day` or `too-many-under-way`, a live connection with `too-many-live-connections` or `too-many-streams`.',
    'Retry-After',
  ),
  Unavailable: problemResponse(
    'The server cannot answer at the moment: send the request again. `server-busy`: it has more work of this kind waiting than it ' +
      'can take (long texts, pictures, passwords). `database-unavailable`, `sign-in-unavailable`, `revocations-unavailable` and others: a part of it does not answer.',
    'Retry-After',
  ),
  StorageQuotaExceeded: problemResponse(
    '`storage-quota-exceeded`: the works of this owner store as much as they may; the problem says how much (`usedBytes`, `neededBytes`, ' +
      '`quotaBytes`). Others without the right get `not-your-work` or `only-authors-film`.',
  ),
};
