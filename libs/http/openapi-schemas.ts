/**
 * What the OpenAPI document says beyond what the compiler plugin of @nestjs/swagger reads from a contract class:
 *
 * - A number is a whole number, unless its contract says `format: 'double'`. Above 2^31 it is an int64.
 * - A text whose example is a UUID is a `uuid`.
 * - A time and a boolean get an example; anything else has to bring one (test/e2e/openapi.e2e-spec.ts).
 * - Examples stand in `examples`, as JSON Schema 2020-12 has them.
 */
import { MAX_INT4 } from './whole-number.js';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  default?: unknown;
  example?: unknown;
  examples?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

export const EXAMPLE_TIME = '2026-11-30T09:05:00.000Z';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Changes a schema and those within it. References are left alone: each component comes by itself. */
export function refineSchema(schema: Schema): void {
  for (const inner of Object.values(schema.properties ?? {})) refineSchema(inner);
  for (const inner of [schema.items ?? [], schema.allOf ?? [], schema.anyOf ?? [], schema.oneOf ?? []].flat())
    refineSchema(inner);
  gatherExamples(schema);
  const types = [schema.type ?? []].flat();
  if (types.includes('number') && schema.format !== 'double') {
    schema.type = alike(schema.type, (type) => (type === 'number' ? 'integer' : type));
    schema.format ??= (schema.maximum ?? 0) > MAX_INT4 ? 'int64' : 'int32';
  }
  if (types.includes('string') && schema.format === undefined && UUID.test(String(examplesOf(schema)[0]))) schema.format = 'uuid';
  if (examplesOf(schema).length || schema.enum) return;
  if (schema.format === 'date-time') schema.examples = [EXAMPLE_TIME];
  else if (types.includes('boolean')) schema.examples = [typeof schema.default === 'boolean' ? schema.default : true];
}

export const examplesOf = ({ examples }: Schema): unknown[] => (Array.isArray(examples) ? (examples as unknown[]) : []);

function gatherExamples(schema: Schema): void {
  if (!('example' in schema)) return;
  if (schema.example !== undefined) schema.examples = [schema.example];
  delete schema.example;
}

const alike = (type: string | string[] | undefined, change: (type: string) => string): string | string[] | undefined =>
  Array.isArray(type) ? type.map(change) : type && change(type);
