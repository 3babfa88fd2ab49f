import { BodySchema, MOST_FAULTS, type Schema } from './body-schema.js';

const components: Record<string, Schema> = {
  Block: {
    type: 'object',
    required: ['kind', 'text'],
    properties: {
      id: { type: 'string' },
      kind: { type: 'string', enum: ['paragraph', 'heading'] },
      text: { type: 'string', maxLength: 10 },
    },
  },
  Draft: {
    type: 'object',
    properties: {
      title: { type: 'string', maxLength: 5 },
      length: { type: 'number' },
      done: { type: 'boolean' },
      note: { type: ['string', 'null'], maxLength: 5 },
      pages: { type: ['integer', 'null'] },
      first: { anyOf: [{ $ref: '#/components/schemas/Block' }, { type: 'null' }] },
      blocks: { type: 'array', maxItems: 50, items: { $ref: '#/components/schemas/Block' } },
    },
  },
};
const schema = new BodySchema({ $ref: '#/components/schemas/Draft' }, components);
const block = { kind: 'paragraph', text: 'a' };

describe('the schema of a body', () => {
  it.each([
    {},
    { title: 'abcde', length: 1, done: false, blocks: [block, { ...block, id: 'x' }] },
    { title: '😀😀😀😀😀', blocks: [] },
    { title: null, blocks: null },
    { note: 'abc', pages: 3, first: block },
    { note: null, pages: null, first: null },
  ])('lets %j through', (body) => {
    expect(schema.faults(body)).toEqual([]);
  });

  it.each([
    ['/nonsense', { nonsense: 1 }],
    ['/a~1b~0', { 'a/b~': 1 }],
    ['/title', { title: 7 }],
    ['/title', { title: 'a'.repeat(11) }],
    ['/length', { length: '7' }],
    ['/done', { done: 'true' }],
    ['/note', { note: 7 }],
    ['/note', { note: 'a'.repeat(11) }],
    ['/pages', { pages: '3' }],
    ['/first/poem', { first: { ...block, poem: 1 } }],
    ['/first', { first: 7 }],
    ['/blocks', { blocks: {} }],
    ['/blocks', { blocks: Array.from({ length: 51 }, () => block) }],
    ['/blocks/1', { blocks: [block, 7] }],
    ['/blocks/0', { blocks: [[]] }],
    ['/blocks/0/text', { blocks: [{ kind: 'paragraph' }] }],
    ['/blocks/0/kind', { blocks: [{ ...block, kind: 'poem' }] }],
    ['/', []],
    ['/', 'text'],
  ])('points at %s', (pointer, body) => {
    expect(schema.faults(body).map((fault) => fault.pointer)).toEqual([pointer]);
  });

  it('lists so many faults and no more', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`key${i}`, 1]));
    expect(schema.faults(many)).toHaveLength(MOST_FAULTS);
    expect(schema.faults({ blocks: Array.from({ length: 50 }, () => ({})) })).toHaveLength(MOST_FAULTS);
  });

  it('limits a text before it is parsed: the largest body that fits it passes, with a little room', () => {
    // the properties of a draft, and 50 blocks of 3: each property and item is a comma, each object and list a bracket
    expect(schema.limits.marks).toBeGreaterThanOrEqual(50 * 4 + 5);
    expect(schema.limits.marks).toBeLessThan(50 * 5 + 5 + 50);
    expect(schema.limits.depth).toBe(5);
  });

  it('of a body without end is refused at start', () => {
    const endless = { Node: { properties: { next: { $ref: '#/components/schemas/Node' } } } };
    expect(() => new BodySchema({ $ref: '#/components/schemas/Node' }, endless)).toThrow('contains itself');
  });
});
