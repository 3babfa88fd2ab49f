/**
 * Refuses input that the contract does not describe, with a pointer to it: unknown properties and query keys, and text that
 * Postgres cannot store (U+0000) or that is not Unicode (a lone surrogate).
 */
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { ValidateIf } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { type Fault, MOST_FAULTS } from './body-schema.js';
import { BadRequest } from './problems.js';

/** The first faults that class-validator found: it may list thousands, and nobody mends more than these at once. */
function listed(errors: ValidationError[], parent = '', found: Fault[] = []): Fault[] {
  for (const error of errors) {
    if (found.length >= MOST_FAULTS) break;
    const name = (error as Partial<ValidationError>).property ?? ''; // a list in place of an object has no name
    const pointer = `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    for (const detail of Object.values(error.constraints ?? {})) found.push({ pointer, detail });
    listed(error.children ?? [], pointer, found);
  }
  return found;
}

export const refuseInput = (errors: Fault[]): BadRequest =>
  new BadRequest('invalid-input', `Mend what "errors" points at and send it again: ${errors[0]?.detail ?? 'wrong shape'}.`, {
    errors: errors.slice(0, MOST_FAULTS),
  });

export const strictValidation = (): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => refuseInput(listed(errors)),
  });

/** For a property that may be left out but not be null: `IsOptional` would let null pass to the code. */
export const OptionalNotNull = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** Names that every object inherits, so that the whitelist above takes them for known ones. */
const INHERITED = ['constructor', 'prototype', '__proto__'];

interface Culprit {
  /** JSON pointer. */
  readonly at: string;
  readonly what: 'should not be a list' | 'should not exist' | 'invalid text';
}

/** The first fault in a value that class-validator does not find. */
function faultIn(value: unknown, pointer: string, depth = 0): Culprit | undefined {
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
  throw refuseInput([{ pointer: fault.at, detail: `${fault.at} ${fault.what}` }]);
}

const isText = (fault: Culprit | undefined): boolean => fault?.what === 'invalid text';
