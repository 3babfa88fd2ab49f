/** Whole examples of bodies, made of the examples of their properties. */
import { examplesOf, type Schema } from './openapi-schemas.js';

/** @param components schemas by name, for `$ref`. */
export function exampleOf(schema: Schema, components: Readonly<Record<string, Schema>>): unknown {
  const inner = (one: Schema): unknown => exampleOf(one, components);
  if (schema.$ref !== undefined) return inner(components[schema.$ref.split('/').at(-1)!] ?? {});
  const [given] = examplesOf(schema);
  if (given !== undefined) return given;
  const parts = [schema.allOf ?? [], schema.anyOf?.[0] ?? [], schema.oneOf?.[0] ?? []].flat();
  if (parts.length || schema.properties) {
    const own = Object.entries(schema.properties ?? {}).map(([name, property]) => [name, inner(property)] as const);
    return Object.assign({}, ...parts.map(inner), Object.fromEntries(own.filter(([, value]) => value !== undefined))) as object;
  }
  if (schema.items) {
    const item = inner(schema.items);
    return item === undefined ? undefined : [item];
  }
  return schema.default ?? schema.enum?.[0];
}
