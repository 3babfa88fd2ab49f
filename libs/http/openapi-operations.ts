/** Completes each operation of the OpenAPI document: what its parameters are, who may call it, what its answers and their headers are. */
import { STATUS_CODES } from 'node:http';
import { DEFAULT_BODY_LIMIT } from './body-limit.js';
import { exampleOf } from './openapi-examples.js';
import { refusalResponses, type RouteRefusal } from './openapi-refusals.js';
import { refineSchema, type Schema } from './openapi-schemas.js';
import { describedParameter } from './path-parameters.js';
import { COMMON_HEADERS, type HeaderName, headerRefs } from './response-headers.js';

export type Components = Readonly<Record<string, Schema>>;

interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: unknown;
}

export interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: { in: string; name: string; required?: boolean; schema?: Schema; description?: string; example?: unknown }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; headers?: object; content?: Record<string, Media> } | { $ref: string }>;
  security?: Record<string, string[]>[];
  'x-access'?: string;
  'x-scope'?: string;
  /** Bytes (body-limit.ts). */
  'x-body-limit'?: number;
  /** Of response-headers.ts; taken out of the document here. */
  'x-sends'?: HeaderName[];
}

/** @param components schemas that are refined already. @param refusals of its own, by operationId. */
export function describeOperation(
  path: string,
  operation: Operation,
  { components, refusals }: { components: Components; refusals: Readonly<Record<string, readonly RouteRefusal[]>> },
): void {
  describeInWords(operation);
  describeParameters(path, operation);
  // a visitor may come without a token; a token that is sent must be valid
  operation.security = operation['x-access'] === 'public' ? [{}, { bearer: [] }] : [{ bearer: [] }];
  if (operation.requestBody) {
    operation['x-body-limit'] ??= DEFAULT_BODY_LIMIT;
    giveExamples(operation.requestBody.content, components);
  }
  describeAnswers(operation, components);
  Object.assign(operation.responses, refusalResponses(operation, refusals[operation.operationId ?? ''] ?? []));
  operation.responses.default = { $ref: '#/components/responses/Refused' };
}

/** The plugin takes the whole comment for the summary: its first sentence is. */
function describeInWords(operation: Operation): void {
  const comment = (operation.summary ?? '').replaceAll(/\s*\n\s*/g, ' ').trim();
  const [first] = /^.*?[.:](?=\s|$)/.exec(comment) ?? [comment];
  operation.summary = first.replace(/[.:]$/, '');
  const scope = operation['x-scope'];
  operation.description = `${operation.description || comment}${scope ? ` Needs the scope \`${scope}\`.` : ''}`;
}

function describeParameters(path: string, { parameters = [] }: Operation): void {
  for (const parameter of parameters) {
    if (parameter.in === 'path') Object.assign(parameter, describedParameter(path, parameter.name));
    if (!parameter.schema) continue;
    refineSchema(parameter.schema);
    if (parameter.schema.default !== undefined) parameter.required = false;
  }
}

function describeAnswers(operation: Operation, components: Components): void {
  const queryKeys = (operation.parameters ?? []).map(({ name }) => name);
  const headers: HeaderName[] = [
    ...COMMON_HEADERS,
    ...(operation['x-sends'] ?? []),
    ...(queryKeys.includes('after') ? (['Link'] as const) : []),
    ...(queryKeys.includes('Idempotency-Key') ? (['Idempotent-Replayed'] as const) : []),
  ];
  delete operation['x-sends'];
  for (const [status, response] of Object.entries(operation.responses)) {
    if ('$ref' in response) continue;
    response.description ||= STATUS_CODES[status] ?? 'The answer.';
    response.headers = { ...headerRefs(headers), ...response.headers };
    giveExamples(response.content ?? {}, components);
  }
}

function giveExamples(content: Record<string, Media>, components: Components): void {
  for (const media of Object.values(content)) {
    if (!media.schema) continue;
    refineSchema(media.schema);
    if (media.example !== undefined || media.examples !== undefined) continue;
    const example = exampleOf(media.schema, components);
    if (example !== undefined) media.example = example;
  }
}
