/**
 * The shape of a request body, as the OpenAPI document describes it: which properties there are, how long lists and texts may be, and of
 * which type each value is. Checked before class-transformer and class-validator see the body, which need seconds for what has a hundred
 * thousand unknown properties; what they check besides (formats, patterns, rules between properties) is theirs.
 */
import type { JsonLimits } from './json-scan.js';

/** The members of a schema of the OpenAPI document that are looked at. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  maxItems?: number;
  maxLength?: number;
}

export interface Fault {
  /** JSON pointer. */
  pointer: string;
  detail: string;
}

/** No more faults of one body are listed. */
export const MOST_FAULTS = 20;
/** Of a list whose length the contract leaves open. */
const DEFAULT_MAX_ITEMS = 100;
/** Values beyond what the contract has, so that a property too many is told by its name. */
const SLACK = { depth: 2, marks: 32 };

export class BodySchema {
  readonly limits: JsonLimits;
  private readonly root: Schema;

  /** @param components schemas by name, for `$ref`. */
  constructor(schema: Schema, components: Readonly<Record<string, Schema>>) {
    this.root = resolve(schema, components);
    this.limits = {
      depth: depthOf(this.root) + SLACK.depth,
      marks: marksOf(this.root) + SLACK.marks,
      keys: keysOf(this.root) + SLACK.marks,
    };
  }

  /** What is wrong with a body, at most MOST_FAULTS of it. */
  faults(body: unknown): Fault[] {
    const found: Fault[] = [];
    check(body, this.root, '', found);
    return found;
  }
}

/** The schema without references and alternatives. A body that contains itself is refused at start: it would have no limit. */
function resolve(schema: Schema, components: Readonly<Record<string, Schema>>, depth = 0): Schema {
  if (depth > 32) throw new Error('A request body contains itself: its size cannot be limited.');
  const inner = (one: Schema): Schema => resolve(one, components, depth + 1);
  if (schema.$ref !== undefined) {
    const target = components[schema.$ref.split('/').at(-1)!];
    return target ? inner(target) : {};
  }
  const { allOf = [], oneOf, anyOf, properties, items, ...own } = schema;
  const alternatives = [...(oneOf ?? []), ...(anyOf ?? [])].filter(({ type }) => type !== 'null'); // null is looked at by class-validator
  if (alternatives.length === 1) return { ...own, ...inner(alternatives[0]) };
  if (alternatives.length) return own; // no body has several today: only class-validator looks at one
  const whole: Schema = { ...own };
  for (const part of allOf.map(inner)) Object.assign(whole, part);
  if (properties)
    whole.properties = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, inner(property)]));
  if (items) whole.items = inner(items);
  return whole;
}

function marksOf({ properties, items, maxItems = DEFAULT_MAX_ITEMS }: Schema): number {
  if (items) return 1 + maxItems * (1 + marksOf(items));
  if (!properties) return 0;
  return Object.values(properties).reduce((sum, property) => sum + 1 + marksOf(property), 1);
}

function depthOf({ properties, items }: Schema): number {
  const children = [...Object.values(properties ?? {}), ...(items ? [items] : [])];
  return children.length ? 1 + Math.max(...children.map(depthOf)) : 0;
}

/** Of the object with the most properties. */
function keysOf({ properties = {}, items }: Schema): number {
  const children = [...Object.values(properties), ...(items ? [items] : [])];
  return Math.max(Object.keys(properties).length, ...children.map(keysOf));
}

function check(value: unknown, schema: Schema, pointer: string, found: Fault[]): void {
  if (found.length >= MOST_FAULTS || value === null) return; // whether it may be null, class-validator says
  const wrong = wrongType(value, schema);
  if (wrong !== undefined) found.push({ pointer: pointer || '/', detail: `${nameOf(pointer)} must be ${wrong}` });
  else if (typeof value === 'string') checkText(value, schema, pointer, found);
  else if (Array.isArray(value)) checkList(value, schema, pointer, found);
  else if (typeof value === 'object' && schema.properties) checkObject(value as Record<string, unknown>, schema, pointer, found);
}

function wrongType(value: unknown, { type, properties, items }: Schema): string | undefined {
  if (properties) return typeof value === 'object' && !Array.isArray(value) ? undefined : 'an object';
  if (items) return Array.isArray(value) ? undefined : 'a list';
  const types = [type ?? []].flat();
  if (types.includes('string') && typeof value !== 'string') return 'a text';
  if (types.includes('boolean') && typeof value !== 'boolean') return 'true or false';
  if ((types.includes('number') || types.includes('integer')) && typeof value !== 'number') return 'a number';
  return undefined;
}

function checkText(value: string, schema: Schema, pointer: string, found: Fault[]): void {
  const { maxLength = Infinity, enum: allowed } = schema;
  // class-validator counts a surrogate pair as one
  if (value.length > maxLength * 2)
    found.push({ pointer, detail: `${nameOf(pointer)} must be shorter than or equal to ${maxLength} characters` });
  else if (allowed && !allowed.includes(value))
    found.push({ pointer, detail: `${nameOf(pointer)} must be one of the following values: ${allowed.join(', ')}` });
}

function checkList(
  value: unknown[],
  { items = {}, maxItems = DEFAULT_MAX_ITEMS }: Schema,
  pointer: string,
  found: Fault[],
): void {
  if (value.length > maxItems)
    found.push({ pointer, detail: `${nameOf(pointer)} must contain no more than ${maxItems} elements` });
  else for (let i = 0; i < value.length && found.length < MOST_FAULTS; i++) check(value[i], items, `${pointer}/${i}`, found);
}

function checkObject(value: Record<string, unknown>, schema: Schema, pointer: string, found: Fault[]): void {
  const properties = schema.properties!;
  for (const name of Object.keys(value)) {
    if (found.length >= MOST_FAULTS) return;
    const at = `${pointer}/${escaped(name)}`;
    if (Object.hasOwn(properties, name)) check(value[name], properties[name], at, found);
    else found.push({ pointer: at, detail: `property ${name.slice(0, 80)} should not exist` });
  }
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name) && found.length < MOST_FAULTS)
      found.push({ pointer: `${pointer}/${escaped(name)}`, detail: `${name} must be given` });
}

const escaped = (name: string): string => name.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1');
const nameOf = (pointer: string): string => pointer.slice(pointer.lastIndexOf('/') + 1) || 'the body';
