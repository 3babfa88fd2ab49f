import fc from 'fast-check';
import { align } from './alignment.js';
import { transferAnchorOver, transferAnchor } from './anchoring.js';
import { digest } from './blocks.js';
import { lineageBetween } from './lineage.js';
import { findQuote } from './quote.js';
import type { Anchor, RevisionDiff } from './anchoring.js';
import type { Lineage } from './alignment.js';
import type { Block } from './blocks.js';

/** The saves of a chapter, one after the other. */
class Saves {
  readonly revisions: Block[][] = [];
  readonly lineages: Lineage[][] = [];
  #ids = 0;

  save(...texts: string[]): this {
    const history = this.revisions.flat().map((block) => ({ id: block.id, digest: digest(block) }));
    const { blocks, lineage } = align(
      this.revisions.at(-1) ?? [],
      texts.map((text) => ({ kind: 'paragraph', text })),
      { newId: () => `b${this.#ids++}`, history },
    );
    this.revisions.push(blocks);
    this.lineages.push(lineage);
    return this;
  }

  /** One step for each save after the first. */
  get steps(): RevisionDiff[] {
    return this.lineages.slice(1).map((lineage, i) => stepTo(this.revisions[i + 1], lineage));
  }

  /** From the first save to the last in one step. */
  get leap(): RevisionDiff {
    const listed = (blocks: readonly Block[]) => blocks.map((block) => ({ id: block.id, digest: digest(block) }));
    const [first] = this.revisions;
    const last = this.revisions[this.revisions.length - 1];
    return stepTo(last, lineageBetween(listed(first), listed(last), this.lineages.slice(1)));
  }

  /** An anchor on words of a block of the first save. */
  on(index: number, exact?: string): Anchor {
    const { id, text } = this.revisions[0][index];
    if (exact === undefined) return { block: id, status: 'anchored' };
    const start = text.indexOf(exact);
    const end = start + exact.length;
    const quote = { exact, prefix: text.slice(Math.max(0, start - 32), start), suffix: text.slice(end, end + 32) };
    return { block: id, status: 'anchored', quote, span: { start, end } };
  }
}

function stepTo(blocks: readonly Block[], lineage: readonly Lineage[]): RevisionDiff {
  const texts = new Map(blocks.map(({ id, text }) => [id, text]));
  return { lineage, textOf: (id) => texts.get(id) };
}

const HARBOUR = 'The harbour lay still, and the lamp at its mouth had been out since Tuesday.';
const KETTLE = 'Marta carried the copper kettle down to the slipway and set it beside the overturned dinghy.';
const GULLS = 'Gulls slept on the roof of the customs house, all facing the same way.';
const FOG = 'By evening there was fog, and with it the sound of oars.';

describe('an anchor on a paragraph', () => {
  const after = (saves: Saves) => transferAnchorOver(saves.on(1), saves.steps);

  it('stays anchored while its paragraph reads the same, whatever happens around it', () => {
    expect(after(new Saves().save(HARBOUR, KETTLE, GULLS).save(FOG, KETTLE))).toEqual({ block: 'b1', status: 'anchored' });
  });

  it('becomes edited when the paragraph was edited, and stays edited', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE, GULLS)
      .save(HARBOUR, KETTLE.replace('copper', 'iron'), GULLS)
      .save(FOG, KETTLE.replace('copper', 'iron'), GULLS);
    expect(after(saves)).toEqual({ block: 'b1', status: 'edited' });
  });

  it('becomes moved when the paragraph was moved', () => {
    expect(after(new Saves().save(HARBOUR, KETTLE, GULLS, FOG).save(HARBOUR, GULLS, FOG, KETTLE))).toEqual({
      block: 'b1',
      status: 'moved',
    });
  });

  it('moves with the text when two paragraphs become one', () => {
    expect(after(new Saves().save(HARBOUR, FOG, KETTLE).save(HARBOUR, `${FOG} ${KETTLE}`))).toEqual({
      block: 'b2',
      status: 'edited',
    });
  });

  it('is detached when the paragraph is deleted, also when a similar paragraph is beside it', () => {
    const saves = new Saves()
      .save(HARBOUR, 'He said yes, and closed the door.', GULLS)
      .save(HARBOUR, GULLS, 'He said no, and opened a window.');
    expect(after(saves)).toEqual({ block: 'b1', status: 'detached' });
  });

  it('is attached again when an old revision is restored', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE, GULLS)
      .save(HARBOUR, GULLS)
      .save(HARBOUR, GULLS, FOG)
      .save(HARBOUR, KETTLE, GULLS);
    expect(transferAnchorOver(saves.on(1), saves.steps.slice(0, 2)).status).toBe('detached');
    expect(after(saves)).toEqual({ block: 'b1', status: 'anchored' });
  });
});

describe('an anchor on words', () => {
  const there = (saves: Saves, exact: string) => {
    const anchor = transferAnchorOver(saves.on(1, exact), saves.steps);
    const text = saves.revisions.at(-1)?.find(({ id }) => id === anchor.block)?.text;
    return { ...anchor, words: anchor.span && text?.slice(anchor.span.start, anchor.span.end) };
  };

  it('finds them shifted by an edit before them, and is still anchored', () => {
    const saves = new Saves().save(HARBOUR, KETTLE, GULLS).save(HARBOUR, `Slowly and alone, ${KETTLE}`, GULLS);
    expect(there(saves, 'overturned dinghy')).toMatchObject({ status: 'anchored', words: 'overturned dinghy' });
  });

  it('points at the edited words', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE, GULLS)
      .save(HARBOUR, KETTLE.replace('the copper kettle', 'the old copper kettles'), GULLS);
    expect(there(saves, 'the copper kettle')).toMatchObject({ status: 'edited', words: 'the old copper kettles' });
  });

  it('points at the replacement when they were replaced completely', () => {
    const saves = new Saves().save(HARBOUR, KETTLE, GULLS).save(HARBOUR, KETTLE.replace('copper kettle', 'boy'), GULLS);
    expect(there(saves, 'copper kettle')).toMatchObject({ block: 'b1', status: 'edited', words: 'boy' });
  });

  it('stays with the paragraph and becomes edited when they are gone', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE, GULLS)
      .save(HARBOUR, KETTLE.replace(' and set it beside the overturned dinghy', ''), GULLS);
    expect(there(saves, 'overturned')).toMatchObject({ block: 'b1', status: 'edited' });
    expect(there(saves, 'overturned').span).toBeUndefined();
  });

  it('moves into the half of a split that has them', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE, GULLS)
      .save(HARBOUR, 'Marta carried the copper kettle down', 'to the slipway and set it beside the overturned dinghy.', GULLS);
    expect(there(saves, 'copper kettle')).toMatchObject({ words: 'copper kettle' });
    expect(there(saves, 'overturned dinghy')).toMatchObject({ words: 'overturned dinghy' });
    expect(there(saves, 'copper kettle').block).not.toBe(there(saves, 'overturned dinghy').block);
  });

  it('does not move to the same words in another paragraph', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE, GULLS)
      .save(HARBOUR, GULLS, 'Years later they found a copper kettle in the mud.');
    expect(there(saves, 'copper kettle')).toMatchObject({ block: 'b1', status: 'detached' });
  });

  it('does not move to the same short words elsewhere in its paragraph', () => {
    const saves = new Saves()
      .save(HARBOUR, 'At the bell he stood up, and much later, in the dark, somebody looked up.', GULLS)
      .save(HARBOUR, 'At the bell nobody moved, and much later, in the dark, somebody looked up.', GULLS);
    expect(there(saves, 'up')).toMatchObject({ block: 'b1', status: 'edited' });
    expect(there(saves, 'up').words).toBeUndefined();
  });

  it('tells equal words apart by the text around them', () => {
    const text = '“船来了么？”他问。没有人回答。过了一会儿，“船来了么？”她又问。';
    const saves = new Saves().save('雾。', text, '灯。').save('雾。', `天黑了。${text}`, '灯。');
    const second = {
      ...saves.on(1, '船来了么'),
      quote: { exact: '船来了么', prefix: '过了一会儿，“', suffix: '？”她又问。' },
      span: { start: 22, end: 26 },
    };
    expect(transferAnchorOver(second, saves.steps).span?.start).toBe(`天黑了。${text}`.lastIndexOf('船来了么'));
  });
});

describe('the difference between two published revisions', () => {
  it('is empty when the drafts between undid each other', () => {
    const saves = new Saves().save(HARBOUR, KETTLE, GULLS).save(`${HARBOUR} ${KETTLE}`, GULLS).save(HARBOUR, KETTLE, GULLS);
    expect(saves.leap.lineage.map(({ change }) => change)).toEqual(['kept', 'kept', 'kept']);
    expect(transferAnchor(saves.on(1), saves.leap)).toEqual(saves.on(1));
  });

  it('has a split and a later edit of one half', () => {
    const saves = new Saves()
      .save(HARBOUR, KETTLE)
      .save(HARBOUR, 'Marta carried the copper kettle down to the slipway', 'and set it beside the overturned dinghy.')
      .save(HARBOUR, 'Marta carried the copper kettle down to the slipway', 'and set it, gently, beside the overturned dinghy.');
    expect(saves.leap.lineage.map(({ change, from }) => [change, from])).toEqual([
      ['kept', ['b0']],
      ['split', ['b1']],
      ['split', ['b1']],
    ]);
  });

  const paragraph = fc
    .uuid()
    .map((name) => `On the day of ${name.replaceAll('-', ' ')} nobody came to the quay but ${name.slice(-6)}`);

  it('has every block of both revisions, and the same blocks are gone as in the single steps', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(paragraph, { minLength: 4, maxLength: 8 }),
        fc.array(fc.array(fc.nat(7), { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 5 }),
        (texts, picks) => {
          const saves = new Saves().save(...texts);
          for (const pick of picks) saves.save(...[...new Set(pick)].flatMap((at) => texts[at] ?? []));
          const { lineage } = saves.leap;
          const last = saves.revisions[saves.revisions.length - 1].map(({ id }) => id);
          expect(lineage.slice(0, last.length).map(({ block }) => block)).toEqual(last);
          const told = new Set(lineage.flatMap(({ from }) => from));
          expect([...told].sort()).toEqual(saves.revisions[0].map(({ id }) => id).sort());
          saves.revisions[0].forEach((_, i) => {
            const stepwise = transferAnchorOver(saves.on(i), saves.steps);
            const atOnce = transferAnchor(saves.on(i), saves.leap);
            expect([atOnce.block, atOnce.status === 'detached']).toEqual([stepwise.block, stepwise.status === 'detached']);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('looking for a quote', () => {
  it('finds it in any text around it', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.string({ maxLength: 60 }),
        (before, exact, after) => {
          const text = before + exact + after;
          const found = findQuote(text, { exact, prefix: before.slice(-32), suffix: after.slice(0, 32) }, before.length);
          expect(found).toMatchObject({ start: before.length, end: before.length + exact.length, verbatim: true });
        },
      ),
    );
  });

  it('never points outside the text', () => {
    const short = fc.string({ maxLength: 40 });
    fc.assert(
      fc.property(short, short, short, short, (text, exact, prefix, suffix) => {
        const found = findQuote(text, { exact, prefix, suffix });
        if (found) expect(0 <= found.start && found.start <= found.end && found.end <= text.length).toBe(true);
      }),
    );
  });
});
