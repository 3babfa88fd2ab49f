import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Plan, PlanBlock } from './plan.js';
import { LONGEST_SCENE, NothingToNarrate, pieces, planOf } from './plan.js';
import { keyOf } from './keys.js';
import { tokensOf, written } from './prose.js';

/** What a scene's audio and video keys are made of, as far as the plan decides. */
const keysOf = (plan: Plan) =>
  plan.scenes.map((scene) => ({
    key: keyOf({ text: scene.spans.map((span) => span.tokens.map((token) => [token.text, token.say, token.stop])) }),
    blocks: scene.spans.map((span) => span.block),
  }));

const drawn = (plan: Plan) =>
  plan.scenes.map((scene) => scene.spans.map((span) => written(span.tokens.map((token) => token.text))));

const paragraph = (id: string, text: string): PlanBlock => ({ id, kind: 'paragraph', text });

describe('A plan', () => {
  it('says every word once and in order', () => {
    const blocks = story(1, 60);
    const said = planOf(blocks, 'en').scenes.flatMap((scene) => scene.spans.flatMap((span) => span.tokens));
    expect(said).toEqual(blocks.flatMap((block) => tokensOf(block.text, block.kind, 'en')));
  });

  it('keeps scenes to twelve seconds, also of a paragraph of 3,000 words or of 20,000 letters without a space', () => {
    for (const text of [
      'You are my second pair. '.repeat(600),
      'word '.repeat(3_000),
      'a'.repeat(20_000),
      '天地玄黄'.repeat(5_000),
    ]) {
      const plan = planOf([paragraph('p', text)], 'en');
      expect(plan.scenes.length).toBeGreaterThan(20);
      expect(Math.max(...plan.scenes.map((scene) => scene.seconds))).toBeLessThanOrEqual(LONGEST_SCENE);
    }
  });

  it('cuts a long paragraph after sentences', () => {
    const text = 'The keeper counted the ships as she had every night. Seven tonight, she wrote, and put away the book. '.repeat(
      6,
    );
    for (const [line] of drawn(planOf([paragraph('p', text)], 'en'))) expect(line).toMatch(/\.$/);
  });

  it('lets short paragraphs share a scene, never across a scene break, and leaves headings alone', () => {
    const lines = Array.from({ length: 40 }, (_, i) => paragraph(`p${i}`, `“Number ${i},” said the other one.`));
    const sizes = planOf(lines, 'en').scenes.map((scene) => scene.spans.length);
    expect(Math.max(...sizes)).toBe(2);
    expect(sizes.filter((size) => size === 2).length).toBeGreaterThan(3);
    const broken = lines.flatMap((line) => [line, { id: `${line.id}-rule`, kind: 'rule', text: '***' }]);
    expect(planOf(broken, 'en').scenes.every((scene) => scene.spans.length === 1)).toBe(true);
    expect(planOf(broken, 'en').silent).toHaveLength(40);
    const headings = lines.map((line) => ({ ...line, kind: 'heading' }));
    expect(planOf(headings, 'en').scenes).toHaveLength(40);
  });

  it('is refused when there is nothing to narrate', () => {
    expect(() => planOf([paragraph('p', '😀 * * *'), { id: 'r', kind: 'rule', text: '***' }], 'en')).toThrow(NothingToNarrate);
    expect(() => planOf([], 'en')).toThrow(NothingToNarrate);
  });

  it('knows nothing of ids, places or neighbours when it cuts one block', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const [long] = story(seed, 1, 120);
        const alone = pieces(tokensOf(long.text, 'paragraph', 'en'));
        const among = planOf([...story(seed + 1, 2), { ...long, id: 'x' }, ...story(seed + 2, 2)], 'en');
        const found = among.scenes.filter((scene) => scene.spans[0].block === 'x').map((scene) => scene.spans[0].tokens);
        if (alone.length > 1) expect(found).toEqual(alone);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps most of a long paragraph when one word of it changes', () => {
    const changed = Array.from({ length: 60 }, (_, seed) => {
      const [block] = story(seed + 500, 1, 260);
      const words = block.text.split(' ');
      words[(seed * 37) % words.length] = 'lighthouse';
      const before = new Set(keysOf(planOf([block], 'en')).map((part) => part.key));
      const after = keysOf(planOf([{ ...block, text: words.join(' ') }], 'en'));
      return after.filter((part) => !before.has(part.key)).length;
    });
    expect(median(changed)).toBeLessThanOrEqual(1);
    expect(mean(changed)).toBeLessThan(2.5);
  });
});

describe('A plan after one block was changed', () => {
  const texts: [name: string, language: string, blocks: () => PlanBlock[]][] = [
    ['a made-up story', 'en', () => story(7, 250)],
    ['a dialogue of short lines', 'en', () => story(8, 250, 14)],
  ];
  const corpus = process.env.INKREEL_CORPUS ?? join(process.cwd(), '..', 'shared', 'corpus');
  for (const [work, language] of [
    ['alice', 'en'],
    ['nahan', 'zh'],
  ]) {
    const folder = join(corpus, work, 'chapters');
    if (existsSync(folder))
      for (const file of readdirSync(folder)) texts.push([`${work} ${file}`, language, () => chapter(join(folder, file))]);
    else console.warn(`SKIPPED: plan stability on ${work}: no such folder ${folder}; set INKREEL_CORPUS.`);
  }

  it.each(texts)('keeps the keys of the others: %s', (name, language, blocksOf) => {
    const file = name.endsWith('.md');
    const blocks = blocksOf();
    const before = new Set(keysOf(planOf(blocks, language)).map((part) => part.key));
    const random = generator(name.length * 7919 + blocks.length);
    const counts: number[] = [];
    for (let round = 0; round < (file ? 8 : 80); round++) {
      const { after, touched } = change(blocks, random, round, language);
      const fresh = keysOf(planOf(after, language)).filter((part) => !before.has(part.key) && !part.blocks.includes(touched));
      expect(fresh.length).toBeLessThanOrEqual(MOST_ELSEWHERE[round % 4]);
      counts.push(fresh.length);
    }
    expect(counts.filter((count) => count > 2)).toEqual([]);
    expect(median(counts)).toBe(0);
  });
});

/** Scenes outside the touched block that an edit, an insertion, a deletion or a move may change. */
const MOST_ELSEWHERE = [1, 2, 1, 3];

/** One random edit, insert, delete or move of one block. */
function change(blocks: readonly PlanBlock[], random: () => number, round: number, language: string) {
  const at = Math.floor(random() * blocks.length);
  const after = [...blocks];
  const fresh =
    language === 'zh'
      ? ['他没有说话。', '忽然，风停了，', '“走吧！”', '月光照在河上，像一层霜。']
      : ['She said nothing. ', 'Then the wind fell, ', '“Go!” ', 'The moon lay on the river like frost. '];
  const words = () =>
    Array.from({ length: 1 + Math.floor(random() * 12) }, () => fresh[Math.floor(random() * fresh.length)]).join('');
  const touched = blocks[at].id;
  switch (round % 4) {
    case 0: {
      const middle = Math.floor(random() * blocks[at].text.length);
      after[at] = { ...blocks[at], text: `${blocks[at].text.slice(0, middle)}${words()}${blocks[at].text.slice(middle)}` };
      return { after, touched };
    }
    case 1:
      after.splice(at, 0, paragraph('inserted', words()));
      return { after, touched: 'inserted' };
    case 2:
      after.splice(at, 1);
      return { after, touched };
    default: {
      const [moved] = after.splice(at, 1);
      after.splice(Math.floor(random() * after.length), 0, moved);
      return { after, touched };
    }
  }
}

function chapter(file: string): PlanBlock[] {
  return readFileSync(file, 'utf8')
    .split(/\n{2,}/)
    .filter((text) => text.trim())
    .map((text, i) => ({ id: `b${i}`, kind: text.startsWith('#') ? 'heading' : 'paragraph', text: text.replace(/^#+\s*/, '') }));
}

/** Paragraphs of every length up to `words`, the same for the same seed. */
function story(seed: number, count: number, words = 90): PlanBlock[] {
  const random = generator(seed);
  const lexicon =
    'the a lamp harbour keeper ship night bell rope stair shadow voice father book river stone and but while under counted climbed waited remembered opened'.split(
      ' ',
    );
  return Array.from({ length: count }, (_, i) => {
    const length = count === 1 ? words : 1 + Math.floor(random() ** 2 * words);
    const text = Array.from(
      { length },
      () => lexicon[Math.floor(random() * lexicon.length)] + (random() < 0.1 ? '.' : random() < 0.12 ? ',' : ''),
    ).join(' ');
    return paragraph(`p${i}`, `${text}.`);
  });
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
