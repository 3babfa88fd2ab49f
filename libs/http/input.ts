/**
 * Refuses input that the contract does not describe, with a pointer to it: unknown properties and query keys, and text that
 * Postgres cannot store (U+0000) or that is not Unicode (a lone surrogate).
 */
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { ValidateIf } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { BadRequest } from './problems.js';

const flatten = (errors: ValidationError[], parent = ''): { pointer: string; detail: string }[] =>
  errors.flatMap((error) => {
    const name = (error as Partial<ValidationError>).property ?? ''; // a list where an object is expected has no name
    const pointer = `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer, detail }));
    return [...own, ...flatten(error.children ?? [], pointer)];
  });

export const strictValidation = (): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => {
      const list = flatten(errors).slice(0, 20);
      return new BadRequest(
        'invalid-input',
        `Mend what "errors" points at and send it again: ${list[0]?.detail ?? 'wrong shape'}.`,
        {
          errors: list,
        },
      );
    },
  });

/** For a property that may be left out but not be null: `IsOptional` would let null pass to the code. */
export const OptionalNotNull = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** Names that every object inherits, so that the whitelist above takes them for known ones. */
const INHERITED = ['constructor', 'prototype', '__proto__'];

interface Fault {
  /** JSON pointer. */
  readonly at: string;
  readonly what: 'should not be a list' | 'should not exist' | 'invalid text';
}

/** The first fault in a value that class-validator does not find. */
function faultIn(value: unknown, pointer: string, depth = 0): Fault | undefined {
  if (typeof value === 'string')
    return value.includes('\0') || !value.isWellFormed() ? { at: pointer || '/', what: 'invalid text' } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > 32) return { at: pointer, what: 'invalid text' };
  for (const [key, child] of Object.entries(value)) {
    const at = `${pointer}/${key}`;
    if (INHERITED.includes(key)) return { at, what: 'should not exist' };
    // no contract has lists of lists, and class-validator does not look into them: it accepts `[[]]`
    if (Array.isArray(value) && Array.isArray(child)) return { at, what: 'should not be a list' };
    const found = faultIn(key, `${pointer}/(a key)`) ?? faultIn(child, at, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** Runs after the body is parsed and before any route: see the head. */
export function rejectInvalidText(request: FastifyRequest): void {
  // the bytes of a picture are no properties; an unknown query key is refused by checkDocumented
  const body = Buffer.isBuffer(request.body) ? undefined : request.body;
  const fault = faultIn(body, '') ?? [faultIn(request.query, '?'), faultIn(request.params, 'path')].find(isText);
  if (fault === undefined) return;
  if (isText(fault))
    throw new BadRequest(
      'invalid-text',
      `The text at ${fault.at.toWellFormed().replaceAll('\0', '␀')} holds U+0000 or half a character: remove it.`,
    );
  throw new BadRequest('invalid-input', `Mend what "errors" points at and send it again: ${fault.at} ${fault.what}.`, {
    errors: [{ pointer: fault.at, detail: fault.what }],
  });
}

const isText = (fault: Fault | undefined): boolean => fault?.what === 'invalid text';

interface RouteInput {
  query: Set<string>;
  /** Media types, `application/json`; none when the route takes no body. */
  bodies: string[];
}

/** Built from the OpenAPI document, so that undocumented input is refused. Keyed by `METHOD /fastify/:route`. */
export function routeInputs(document: OpenAPIObject): Map<string, RouteInput> {
  const inputs = new Map<string, RouteInput>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(
      methods as Record<string, { parameters?: { in: string; name: string }[]; requestBody?: { content: object } }>,
    ))
      inputs.set(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, {
        query: new Set((operation.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name)),
        bodies: Object.keys(operation.requestBody?.content ?? {}),
      });
  return inputs;
}

export function checkDocumented(request: FastifyRequest, inputs: Map<string, RouteInput>): void {
  const route = inputs.get(`${request.method === 'HEAD' ? 'GET' : request.method} ${request.routeOptions.url ?? ''}`);
  if (!route) return;
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
    if (Object.keys(request.body).length) throw new BadRequest('unexpected-body', 'This route takes no body: send none.');
    return;
  }
  const type = request.headers['content-type']?.split(';')[0].trim().toLowerCase() ?? '';
  if (!route.bodies.includes(type))
    throw new BadRequest(
      'unsupported-media-type',
      `This route takes ${route.bodies.join(', ')}, and Content-Type has to say so.`,
      {},
      415,
    );
}
