/**
 * What each route takes, read from the OpenAPI document: query keys, media types and the shape of a JSON body. What is not described is
 * not taken. A JSON body is counted before it is parsed and checked against its schema before anything else looks at it.
 */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { BodySchema, type Schema } from './body-schema.js';
import { refuseInput } from './input.js';
import { type JsonLimits, limitPassed } from './json-scan.js';
import { BadRequest } from './problems.js';

interface RouteInput {
  query: Set<string>;
  /** Media types, `application/json`; none when the route takes no body. */
  bodies: string[];
  json?: BodySchema;
}

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
}

/** For routes outside the document, and those that take no JSON. */
const DEFAULT_LIMITS: JsonLimits = { depth: 8, marks: 64, keys: 64 };

/** Once the routes are known, and before Nest adds a JSON parser of its own. */
export function rejectUndocumentedInput(app: NestFastifyApplication, document: OpenAPIObject): void {
  const fastify = app.getHttpAdapter().getInstance();
  const inputs = routeInputs(document);
  const inputOf = (request: Pick<FastifyRequest, 'method' | 'routeOptions'>): RouteInput | undefined =>
    inputs.get(`${request.method === 'HEAD' ? 'GET' : request.method} ${request.routeOptions.url ?? ''}`);
  const parse = fastify.getDefaultJsonParser('error', 'error');
  app.useBodyParser('application/json', {}, (request, body: Buffer, done) => {
    const refusal = refusalOfShape(body, inputOf(request)?.json?.limits ?? DEFAULT_LIMITS);
    if (refusal) done(refusal);
    else void parse(request as FastifyRequest, body.toString(), done);
  });
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    const route = inputOf(request);
    done(route && hasBody(request) ? refusalOfType(request, route) : null);
  });
  fastify.addHook('preHandler', (request, _reply, done) => {
    const route = inputOf(request);
    if (route) refuseUndescribed(request, route);
    done();
  });
}

/** Keyed by `METHOD /fastify/:route`. */
function routeInputs(document: OpenAPIObject): Map<string, RouteInput> {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const inputs = new Map<string, RouteInput>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { parameters = [], requestBody }] of Object.entries(methods as Record<string, Operation>)) {
      const json = requestBody?.content['application/json']?.schema;
      inputs.set(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, {
        query: new Set(parameters.filter((one) => one.in === 'query').map(({ name }) => name)),
        bodies: Object.keys(requestBody?.content ?? {}),
        ...(json && { json: new BodySchema(json, schemas) }),
      });
    }
  return inputs;
}

function refusalOfShape(body: Buffer, limits: JsonLimits): BadRequest | undefined {
  const passed = limitPassed(body, limits);
  if (passed === 'depth')
    return new BadRequest('body-too-deep', 'The body nests deeper than this route takes: see /openapi.json.');
  if (passed !== undefined)
    return new BadRequest('body-too-many-values', 'The body holds more values than this route takes: see /openapi.json.');
  return undefined;
}

const typeOf = ({ headers }: FastifyRequest): string => headers['content-type']?.split(';', 1)[0].trim().toLowerCase() ?? '';

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Before the body is read. `Accept` says which types would do (RFC 9110 §12.5.1), see problems.ts. */
function refusalOfType(request: FastifyRequest, { bodies }: RouteInput): BadRequest | null {
  const type = typeOf(request);
  if (bodies.includes(type)) return null;
  // an empty object is accepted where no body is described: some clients send one with every POST
  if (!bodies.length) return type === 'application/json' ? null : unexpectedBody();
  const sentence = `This route takes ${bodies.join(' or ')}: send one of these and name it in Content-Type.`;
  return new BadRequest('unsupported-media-type', sentence, { accepts: bodies }, 415);
}

const unexpectedBody = (): BadRequest => new BadRequest('unexpected-body', 'This route takes no body: send none.');

function refuseUndescribed(request: FastifyRequest, route: RouteInput): void {
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (!route.query.has(key))
      throw new BadRequest(
        'unknown-query-key',
        `This route takes ${[...route.query].join(', ') || 'no query'}; remove "${key.slice(0, 80)}".`,
      );
    if (Array.isArray(value)) throw new BadRequest('repeated-query-key', `Give "${key}" once.`);
  }
  if (request.body === undefined || request.body === null) return;
  if (!route.bodies.length) {
    if (Object.keys(request.body).length) throw unexpectedBody();
    return;
  }
  const faults = typeOf(request) === 'application/json' ? (route.json?.faults(request.body) ?? []) : [];
  if (faults.length) throw refuseInput(faults);
}
