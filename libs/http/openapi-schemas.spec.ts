import { exampleOf } from './openapi-examples.js';
import { EXAMPLE_TIME, refineSchema, type Schema } from './openapi-schemas.js';

const refined = (schema: Schema): Schema => {
  refineSchema(schema);
  return schema;
};

describe('a schema of the OpenAPI document', () => {
  it.each<[string, Schema, Schema]>([
    ['a number is whole', { type: 'number' }, { type: 'integer', format: 'int32' }],
    ['so is one that may be null', { type: ['number', 'null'] }, { type: ['integer', 'null'], format: 'int32' }],
    [
      'a large one is an int64',
      { type: 'number', maximum: 2 ** 53 - 1 },
      { type: 'integer', format: 'int64', maximum: 2 ** 53 - 1 },
    ],
    [
      'a fraction says so',
      { type: 'number', format: 'double', example: 1.5 },
      { type: 'number', format: 'double', examples: [1.5] },
    ],
    [
      'a text whose example is a UUID is one',
      { type: ['string', 'null'], example: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f001' },
      { type: ['string', 'null'], format: 'uuid', examples: ['0197f0f6-3a51-7b3e-8b62-0a4be0d3f001'] },
    ],
    [
      'a time has an example',
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'date-time', examples: [EXAMPLE_TIME] },
    ],
    [
      'so has a boolean: its default',
      { type: 'boolean', default: false },
      { type: 'boolean', default: false, examples: [false] },
    ],
    ['a text brings its own', { type: 'string' }, { type: 'string' }],
  ])('%s', (_, given, expected) => expect(refined(given)).toEqual(expected));

  it('is refined to its depth', () => {
    expect(refined({ items: { properties: { at: { anyOf: [{ type: 'number' }] } } } })).toEqual({
      items: { properties: { at: { anyOf: [{ type: 'integer', format: 'int32' }] } } },
    });
  });
});

it('the example of a body is made of the examples of its properties', () => {
  const components = { Block: { properties: { text: { type: 'string', examples: ['A lamp.'] } } } };
  const block = { $ref: '#/components/schemas/Block' };
  const body: Schema = {
    properties: {
      blocks: { type: 'array', items: block },
      first: { anyOf: [block, { type: 'null' }] },
      only: { allOf: [block] },
      kind: { enum: ['a', 'b'] },
      without: { type: 'string' },
    },
  };
  const lamp = { text: 'A lamp.' };
  expect(exampleOf(body, components)).toEqual({ blocks: [lamp], first: lamp, only: lamp, kind: 'a' });
});
