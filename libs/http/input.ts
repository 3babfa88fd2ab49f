/**
 * What comes in is what the contract says, or it is refused with a pointer to the culprit: unknown properties and query
 * keys, and text that Postgres cannot store (U+0000) or that is no Unicode (a lone surrogate).
 */
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { ValidateIf } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { BadRequest } from './problems.js';

const flatten = (errors: ValidationError[], parent = ''): { pointer: string; detail: string }[] =>
  errors.flatMap((error) => {
    const name = (error as Partial<ValidationError>).property ?? ''; // a list in place of an object has no name
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

/** For a property that may be left out. Null is a value, and no word, number or list: `IsOptional` would let it through to the code. */
export const MayBeMissing = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** Names that no contract has and every object answers to, so that the whitelist above takes them for known ones. */
const INHERITED = ['constructor', 'prototype', '__proto__'];

/** @returns the JSON pointer of the first string that cannot be stored. */
function unstorable(value: unknown, pointer: string, depth = 0): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? pointer || '/' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > 32) return pointer;
  for (const [key, child] of Object.entries(value)) {
    const found = unstorable(key, `${pointer}/(a key)`) ?? unstorable(child, `${pointer}/${key}`, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function inherited(value: unknown, pointer: string, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > 32) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = INHERITED.includes(key) ? `${pointer}/${key}` : inherited(child, `${pointer}/${key}`, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** No contract has lists of lists, and class-validator looks through them: of `[[]]` it finds every item valid. */
function listInList(value: unknown, pointer: string, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > 32) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found =
      Array.isArray(value) && Array.isArray(child) ? `${pointer}/${key}` : listInList(child, `${pointer}/${key}`, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** Runs after the body is parsed and before any route: see the head. */
export function refuseUnstorableText(request: FastifyRequest): void {
  const body = Buffer.isBuffer(request.body) ? undefined : request.body; // a picture's millions of bytes are no properties
  const list = listInList(body, '');
  if (list !== undefined)
    throw new BadRequest('invalid-input', `Mend what "errors" points at and send it again: ${list} should not be a list.`, {
      errors: [{ pointer: list, detail: 'should not be a list' }],
    });
  const known = inherited(body, '');
  if (known !== undefined)
    throw new BadRequest('invalid-input', `Mend what "errors" points at and send it again: property ${known} should not exist.`, {
      errors: [{ pointer: known, detail: 'should not exist' }],
    });
  const found = unstorable(body, '') ?? unstorable(request.query, '?') ?? unstorable(request.params, 'path');
  if (found !== undefined)
    throw new BadRequest(
      'unstorable-text',
      `The text at ${found.toWellFormed().replaceAll('\0', '␀')} holds U+0000 or half a character: remove it.`,
    );
}

interface RouteInput {
  query: Set<string>;
  /** Media types, `application/json`; none when the route takes no body. */
  bodies: string[];
}

/** Built from the OpenAPI document, so that what is not described is not taken. Keyed by `METHOD /fastify/:route`. */
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

export function refuseUndescribedInput(request: FastifyRequest, inputs: Map<string, RouteInput>): void {
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
