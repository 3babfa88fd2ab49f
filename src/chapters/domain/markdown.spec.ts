import fc from 'fast-check';
import { BLOCK_KINDS, digest, tidy } from './blocks.js';
import { parseMarkdown, toMarkdown } from './markdown.js';
import type { Draft } from './blocks.js';

const paragraph = (text: string): Draft => ({ kind: 'paragraph', text });

describe('reading Markdown', () => {
  it('joins wrapped English lines with a space and Chinese lines without', () => {
    expect(parseMarkdown('The ferry was\nlate again.\n\n渡船又\n晚点了。')).toEqual([
      paragraph('The ferry was late again.'),
      paragraph('渡船又晚点了。'),
    ]);
  });

  it('starts a paragraph at every Chinese indent, blank line or not', () => {
    expect(parseMarkdown('　　天亮了。\n　　他没有醒。')).toEqual([paragraph('天亮了。'), paragraph('他没有醒。')]);
  });

  it('keeps a break the author made, by two spaces or by a backslash', () => {
    expect(parseMarkdown('Dear Ana,\\\nthe boat\nis gone.')).toEqual([paragraph('Dear Ana,\nthe boat is gone.')]);
    expect(parseMarkdown('The tide goes out,  \nthe tide comes in.')).toEqual([
      { kind: 'verse', text: 'The tide goes out,\nthe tide comes in.' },
    ]);
  });

  it('knows headings, quotations, lists, scene breaks and code', () => {
    const source =
      '# One #\n\nTwo\n===\n\n> she said\n> slowly\n>\n> and left\n\n- salt\n  and rope\n- a lamp\n\n* * *\nText\n---\n\n```js\n\n  go()\n```\n';
    expect(parseMarkdown(source)).toEqual([
      { kind: 'heading', text: 'One' },
      { kind: 'heading', text: 'Two' },
      { kind: 'quote', text: 'she said slowly' },
      { kind: 'quote', text: 'and left' },
      { kind: 'list', text: '- salt and rope\n- a lamp' },
      { kind: 'scene-break', text: '***' },
      paragraph('Text'),
      { kind: 'scene-break', text: '***' },
      { kind: 'code', text: '\n  go()' },
    ]);
  });

  it('reads Windows and old Mac line ends and a byte order mark as if they were not there', () => {
    const text = 'One\nline\n\nTwo';
    expect(parseMarkdown('\uFEFF' + text.replaceAll('\n', '\r\n'))).toEqual(parseMarkdown(text));
    expect(parseMarkdown(text.replaceAll('\n', '\r'))).toEqual(parseMarkdown(text));
  });

  it('does not take a year at the start of a wrapped line for a list', () => {
    expect(parseMarkdown('It was\n1848. The ice held.')).toEqual([paragraph('It was 1848. The ice held.')]);
  });
});

describe('writing Markdown', () => {
  const tricky = fc.array(
    fc.oneof(
      fc.constantFrom(
        '#',
        '##',
        '>',
        '-',
        '* ',
        '+',
        '***',
        '---',
        '```',
        '~~~',
        '=',
        '\\',
        '\n',
        '  \n',
        '\\\n',
        '    ',
        '　　',
        '1. ',
        '12) ',
        '雾',
        '※',
        '\t',
        '\r\n',
        '\u2028',
      ),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    ),
    { maxLength: 8 },
  );
  const draft = fc.record({ kind: fc.constantFrom(...BLOCK_KINDS), text: tricky.map((parts) => parts.join('')) });

  it('reads back exactly the blocks it wrote, whatever their text', () => {
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 6 }), (drafts) => {
        const blocks = tidy(drafts);
        expect(parseMarkdown(toMarkdown(blocks))).toEqual(blocks);
      }),
      { numRuns: 1_500 },
    );
  });

  it('finds nothing left to tidy in what is tidy', () => {
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 4 }), (drafts) => {
        const blocks = tidy(drafts);
        expect(tidy(blocks)).toEqual(blocks);
      }),
    );
  });

  it('reads any text at all into tidy blocks', () => {
    fc.assert(
      fc.property(tricky, (parts) => {
        const blocks = parseMarkdown(parts.join(''));
        expect(tidy(blocks)).toEqual(blocks);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a digest', () => {
  it('differs when the text or the kind differs, and not otherwise', () => {
    const one = digest({ kind: 'paragraph', text: 'Fog.' });
    expect(digest({ kind: 'paragraph', text: 'Fog.' })).toBe(one);
    expect(digest({ kind: 'heading', text: 'Fog.' })).not.toBe(one);
    expect(digest({ kind: 'paragraph', text: 'Fog' })).not.toBe(one);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });
});
