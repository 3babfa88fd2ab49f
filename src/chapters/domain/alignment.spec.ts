import fc from 'fast-check';
import { align } from './alignment.js';
import { digest } from './blocks.js';
import type { Alignment, Incoming } from './alignment.js';
import type { Block } from './blocks.js';

const WORDS =
  'the ferry came late and nobody on quay spoke a word about lamp which had burned all night in window of harbour master'.split(
    ' ',
  );

/** Ids b0, b1, …; a second call continues the count. */
function counter(from = 0): () => string {
  let next = from;
  return () => `b${next++}`;
}

const draft = (text: string): Incoming => ({ kind: 'paragraph', text });
const start = (texts: readonly string[], newId = counter()): Block[] => align([], texts.map(draft), { newId }).blocks;
const changesOf = ({ lineage }: Alignment) => lineage.map(({ change }) => change);
const ids = ({ blocks }: Alignment) => blocks.map(({ id }) => id);

/** Paragraphs that differ from each other, as paragraphs of a story do. */
const paragraph = fc
  .tuple(fc.uuid(), fc.array(fc.constantFrom(...WORDS), { minLength: 6, maxLength: 24 }))
  .map(([name, words]) => `${words.join(' ')} ${name.slice(0, 8)} said ${name.slice(9, 13)} ${name.slice(24)}`);
/**
 * A paragraph that shares no word with them, in Cyrillic letters: by chance two paragraphs may have nearly the same words, and
 * then one counts as the other, edited.
 */
const strange = paragraph.map((text) => text.replace(/[a-z0-9]/g, (sign) => String.fromCharCode(0x400 + sign.charCodeAt(0))));
const story = fc.uniqueArray(paragraph, { minLength: 2, maxLength: 14 });

describe('aligning a text with its previous revision', () => {
  it('keeps every id when nothing changed, and calls every block kept', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 12 }), (texts) => {
        const previous = start(texts);
        const again = align(previous, texts.map(draft), { newId: counter(100) });
        expect(again.blocks).toEqual(previous);
        expect(new Set(changesOf(again))).toEqual(new Set(texts.length > 0 ? ['kept'] : []));
      }),
    );
  });

  it('returns exactly the given texts, each with its own id, and accounts for every old block', () => {
    fc.assert(
      fc.property(story, story, fc.nat(), (one, two, mix) => {
        const previous = start(one);
        const texts = [...one.slice(mix % one.length), ...two, ...one.slice(0, mix % 3)];
        const result = align(previous, texts.map(draft), { newId: counter(100) });
        expect(result.blocks.map(({ text }) => text)).toEqual(texts);
        expect(new Set(ids(result)).size).toBe(texts.length);
        const told = new Set(result.lineage.flatMap(({ from }) => from));
        expect([...told].sort()).toEqual(previous.map(({ id }) => id).sort());
        expect(result.lineage.slice(0, texts.length).map(({ block }) => block)).toEqual(ids(result));
      }),
    );
  });

  it('keeps all other ids when one paragraph is edited, and that one too', () => {
    fc.assert(
      fc.property(story, fc.nat(), (texts, at) => {
        const previous = start(texts);
        const k = at % texts.length;
        const words = texts[k].split(' ');
        words[at % 5] = 'yellow';
        const result = align(previous, texts.with(k, words.join(' ')).map(draft), { newId: counter(100) });
        expect(ids(result)).toEqual(ids({ blocks: previous, lineage: [] }));
        expect(changesOf(result)).toEqual(texts.map((_, i) => (i === k ? 'edited' : 'kept')));
      }),
    );
  });

  it('finds only moves in a new order', () => {
    fc.assert(
      fc.property(
        story.chain((texts) => fc.tuple(fc.constant(texts), fc.shuffledSubarray(texts, { minLength: texts.length }))),
        ([texts, shuffled]) => {
          const previous = start(texts);
          const result = align(previous, shuffled.map(draft), { newId: counter(100) });
          const was = new Map(previous.map((block) => [block.text, block.id]));
          expect(ids(result)).toEqual(shuffled.map((text) => was.get(text)));
          expect(changesOf(result).filter((change) => change !== 'kept' && change !== 'moved')).toEqual([]);
        },
      ),
    );
  });

  it('finds the fewest moves: one paragraph moved to the end is one move', () => {
    const texts = ['One lamp.', 'Two lamps.', 'Three lamps.', 'Four lamps.'];
    const result = align(start(texts), ['Two lamps.', 'Three lamps.', 'Four lamps.', 'One lamp.'].map(draft), {
      newId: counter(9),
    });
    expect(changesOf(result)).toEqual(['kept', 'kept', 'kept', 'moved']);
  });

  it('records both halves of a split, and the larger keeps the id', () => {
    fc.assert(
      fc.property(story, fc.nat(), (texts, at) => {
        const previous = start(texts);
        const k = at % texts.length;
        const words = texts[k].split(' ');
        const half = Math.floor(words.length / 2);
        const halves = [words.slice(0, half).join(' '), words.slice(half).join(' ')];
        const result = align(previous, [...texts.slice(0, k), ...halves, ...texts.slice(k + 1)].map(draft), {
          newId: counter(100),
        });
        const parts = result.lineage.filter(({ change }) => change === 'split');
        expect(parts.map(({ from }) => from)).toEqual([[previous[k].id], [previous[k].id]]);
        expect(parts.map(({ block }) => block)).toContain(previous[k].id);
        expect(changesOf(result)).not.toContain('gone');
      }),
    );
  });

  it('records a merge with the ids of both, and neither is gone', () => {
    fc.assert(
      fc.property(story, fc.nat(), (texts, at) => {
        const previous = start(texts);
        const k = at % (texts.length - 1);
        const result = align(previous, [...texts.slice(0, k), `${texts[k]} ${texts[k + 1]}`, ...texts.slice(k + 2)].map(draft), {
          newId: counter(100),
        });
        const merged = result.lineage.filter(({ change }) => change === 'merged');
        expect(merged.map(({ from }) => [...from].sort())).toEqual([[previous[k].id, previous[k + 1].id].sort()]);
        expect(changesOf(result)).not.toContain('gone');
      }),
    );
  });

  it('finds an exact split or join also of texts too short to compare', () => {
    const cut = align(start(['Fog.', '“Yes.” “No.”', 'Rain.']), ['Fog.', '“Yes.”', '“No.”', 'Rain.'].map(draft), {
      newId: counter(10),
    });
    expect(changesOf(cut)).toEqual(['kept', 'split', 'split', 'kept']);
    const joined = align(start(['雾。', '“好。”', '“走。”', '雨。']), ['雾。', '“好。”“走。”', '雨。'].map(draft), {
      newId: counter(10),
    });
    expect(changesOf(joined)).toEqual(['kept', 'merged', 'kept']);
  });

  it('never gives the id of a deleted paragraph to another that took its place', () => {
    fc.assert(
      fc.property(story, strange, fc.nat(), (texts, stranger, at) => {
        const previous = start(texts);
        const k = at % texts.length;
        const result = align(previous, texts.with(k, stranger).map(draft), { newId: counter(100) });
        expect(ids(result)).not.toContain(previous[k].id);
        expect(result.lineage.at(-1)).toEqual({ change: 'gone', block: previous[k].id, from: [previous[k].id], similarity: 0 });
      }),
    );
  });

  it('does not pair a deleted line with the same words elsewhere in the chapter', () => {
    const texts = ['“Yes.”', 'He closed the door behind him.', '“Yes.”', 'The rain had stopped by then.', 'Nobody came.'];
    const previous = start(texts);
    const result = align(previous, [...texts.slice(1), 'A ship, far out.', '“Yes.”'].map(draft), { newId: counter(10) });
    expect(ids(result)).toEqual(['b1', 'b2', 'b3', 'b4', 'b10', 'b11']);
  });

  it('keeps the id of a paragraph of which four words in ten remain in place, and not of one of which none do', () => {
    const texts = [
      'The harbour lay still.',
      'Marta carried the copper kettle down to the slipway and set it beside the overturned dinghy',
      'Gulls were asleep on the roof.',
    ];
    const rewritten = 'Marta dragged the copper saucepan towards the slipway and left everything near the overturned dinghy';
    expect(ids(align(start(texts), texts.with(1, rewritten).map(draft), { newId: counter(10) }))).toEqual(['b0', 'b1', 'b2']);
    const other = 'Years later he would remember only how cold both of his hands had been';
    expect(ids(align(start(texts), texts.with(1, other).map(draft), { newId: counter(10) }))).toEqual(['b0', 'b10', 'b2']);
  });

  it('keeps the ids of Chinese dialogue through an edit', () => {
    const texts = ['“你今天来得真早。”', '老周没有回答，只把灯放在窗台上。', '“船还没有到么？”', '外面的雾更浓了。'];
    const result = align(start(texts), texts.with(0, '“你今天可来得早。”').with(2, '“船怎么还没有到？”').map(draft), {
      newId: counter(10),
    });
    expect(changesOf(result)).toEqual(['edited', 'kept', 'edited', 'kept']);
  });

  it('calls a paragraph that became a heading edited', () => {
    const previous = start(['The Lamp', 'It burned.']);
    const result = align(previous, [{ kind: 'heading', text: 'The Lamp' }, draft('It burned.')], { newId: counter(10) });
    expect(result.lineage[0]).toEqual({ change: 'edited', block: 'b0', from: ['b0'], similarity: 1 });
  });
});

describe('an id claimed by the client', () => {
  const texts = ['The first morning was cold.', 'The second was colder still.', 'On the third it snowed.'];

  it('is accepted, also for a text rewritten from the first word to the last', () => {
    const incoming = [draft(texts[0]), { ...draft('Nothing here is as it was.'), claimedId: 'b1' }, draft(texts[2])];
    expect(ids(align(start(texts), incoming, { newId: counter(10) }))).toEqual(['b0', 'b1', 'b2']);
  });

  it('is ignored when two blocks claim it, so that the texts decide', () => {
    const incoming = [
      { ...draft('Nothing here is as it was.'), claimedId: 'b1' },
      { ...draft(texts[1]), claimedId: 'b1' },
    ];
    expect(ids(align(start(texts), incoming, { newId: counter(10) }))).toEqual(['b10', 'b1']);
  });

  it('is ignored when it never belonged to this chapter', () => {
    const incoming = [{ ...draft('A stranger comes.'), claimedId: 'of-another-chapter' }];
    expect(ids(align(start(texts), incoming, { newId: counter(10), isKnownId: () => false }))).toEqual(['b10']);
  });

  it('brings back a block of an older revision', () => {
    const incoming = [...texts.map(draft), { ...draft('What was lost.'), claimedId: 'b7' }];
    const result = align(start(texts), incoming, { newId: counter(10), isKnownId: (id) => id === 'b7' });
    expect(ids(result)).toEqual(['b0', 'b1', 'b2', 'b7']);
    expect(changesOf(result)).toEqual(['kept', 'kept', 'kept', 'restored']);
  });

  it('is ignored when the exact text is elsewhere, as when an editor leaves the id on the empty half of a split', () => {
    const incoming = [draft(texts[0]), { ...draft('* '), claimedId: 'b1' }, draft(texts[1]), draft(texts[2])];
    expect(ids(align(start(texts), incoming, { newId: counter(10) }))).toEqual(['b0', 'b10', 'b1', 'b2']);
  });
});

describe('a text that comes back', () => {
  const history = (blocks: readonly Block[]) => blocks.map((block) => ({ id: block.id, digest: digest(block) }));

  it('gets its old id, when it was deleted and is pasted again', () => {
    const first = start(['One lamp.', 'Two lamps.', 'Three lamps.']);
    const second = align(first, ['One lamp.', 'Three lamps.'].map(draft), { newId: counter(10) });
    const third = align(second.blocks, ['One lamp.', 'Two lamps.', 'Three lamps.'].map(draft), {
      newId: counter(20),
      history: history(first),
    });
    expect(third.blocks).toEqual(first);
    expect(changesOf(third)).toEqual(['kept', 'restored', 'kept']);
  });

  it('does not take the id of one that is still there', () => {
    const first = start(['One lamp.', 'Two lamps.']);
    const result = align(first, ['One lamp.', 'Two lamps.', 'One lamp.'].map(draft), {
      newId: counter(10),
      history: history(first),
    });
    expect(ids(result)).toEqual(['b0', 'b1', 'b10']);
  });

  it('stays new when two blocks have had that text, because nothing says which one it is', () => {
    const first = start(['“Yes.”', 'The boat left.', '“Yes.”', 'Then the fog.']);
    const second = align(first, ['The boat left.', 'Then the fog.'].map(draft), { newId: counter(10) });
    const third = align(second.blocks, ['The boat left.', '“Yes.”', 'Then the fog.'].map(draft), {
      newId: counter(20),
      history: history(first),
    });
    expect(ids(third)).toEqual(['b1', 'b20', 'b3']);
  });
});

describe('the cost', () => {
  const chapter = Array.from(
    { length: 1_000 },
    (_, i) => `${WORDS.map((word, k) => (k % 3 ? word : `${word}${(i * 7 + k) % 613}`)).join(' ')} ${i}.`,
  );

  /** CPU time, so that a busy machine does not fail the test. */
  const cost = (work: () => void) => {
    const times = Array.from({ length: 7 }, () => {
      const from = process.cpuUsage();
      work();
      return process.cpuUsage(from).user / 1_000;
    });
    return Math.min(...times);
  };

  it('of one edit in 1,000 blocks is a few milliseconds', () => {
    const previous = start(chapter);
    const incoming = chapter.with(500, chapter[500].replace('ferry', 'steamer')).map(draft);
    expect(cost(() => align(previous, incoming, { newId: counter(5_000) }))).toBeLessThan(5);
  });

  it('of changing every block of 1,000 stays far under a second', () => {
    const previous = start(chapter);
    const incoming = chapter.map((text) => draft(text.replace('nobody', 'everyone')));
    const edited = changesOf(align(previous, incoming, { newId: counter(5_000) })).filter((change) => change === 'edited');
    expect(edited.length).toBeGreaterThan(990);
    expect(cost(() => align(previous, incoming, { newId: counter(5_000) }))).toBeLessThan(2_000);
  });
});
