/** What refusals look like in the OpenAPI document. */
import { COMMON_HEADERS, headerRefs } from './response-headers.js';

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

/** The document names it in `components.responses`: of every refusal that an operation does not list by its status. */
export const PROBLEM_RESPONSES = {
  Refused: {
    description: 'Refused: a problem document.',
    headers: headerRefs([...COMMON_HEADERS, 'Cache-Control']),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
};
