import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { parseMarkdown } from './markdown.js';
import { readManuscript, TooManyChapters } from './manuscript.js';
import type { Manuscript } from './manuscript.js';

const outline = ({ chapters }: Manuscript) => chapters.map(({ title, blocks }) => [title, blocks.length]);
const texts = ({ chapters }: Manuscript) => chapters.map(({ blocks }) => blocks.map(({ text }) => text));

describe('a plain text in English', () => {
  const wrapped = `THE SALT ROAD

by Anna Vale

Contents

  CHAPTER I. The Carter
  CHAPTER II. The Toll
  CHAPTER III. The Sea

CHAPTER I. The Carter

The carter came down from the hills on the last day of October with
eleven sacks of salt, one horse and no explanation at all for what had
happened to the twelfth.

‘It rained,’ he said.

CHAPTER II.
The Toll

Nobody had paid the toll since the bridge was built, and nobody had
asked them to, until the morning when a table and a chair were found
standing in the middle of it. On the table lay a sheet of paper:

     Who comes by day
       shall pay in grey,
     who comes by night
       shall pay in white.

  *    *    *

Chapter 2 of the story was never told, people said afterwards, since it
was the toll man who used to tell it, and he had gone.

CHAPTER III

THE SEA

It was smaller than she had been told, and it was the wrong colour, and
when she tasted it she laughed until the carter came to see what she had
found there.
`;

  it('gives its title, its author and its chapters; contents pages and lines that only mention a chapter are none', () => {
    const book = readManuscript(wrapped, 'text');
    expect(book).toMatchObject({ title: 'THE SALT ROAD', author: 'Anna Vale', language: 'en' });
    expect(outline(book)).toEqual([
      ['The Carter', 2],
      ['The Toll', 4],
      ['THE SEA', 1],
    ]);
  });

  it('joins wrapped lines, and keeps the lines of verse and the scene break', () => {
    const [, toll] = readManuscript(wrapped, 'text').chapters;
    expect(toll.blocks[0].text).toContain('nobody had asked them to, until');
    expect(toll.blocks[1]).toEqual({
      kind: 'verse',
      text: 'Who comes by day\nshall pay in grey,\nwho comes by night\nshall pay in white.',
    });
    expect(toll.blocks[2]).toEqual({ kind: 'scene-break', text: '***' });
  });

  it('is found inside what Project Gutenberg wraps around it', () => {
    const file = `The Project Gutenberg EBook of The Salt Road, by Anna Vale

Title: The Salt Road
Author: Anna Vale
Language: English

*** START OF THIS PROJECT GUTENBERG EBOOK THE SALT ROAD ***

Produced by Some Careful People

${wrapped}
End of the Project Gutenberg EBook of The Salt Road, by Anna Vale

*** END OF THIS PROJECT GUTENBERG EBOOK THE SALT ROAD ***

CHAPTER I. Terms of use
This licence is no chapter.
`;
    const book = readManuscript(file.replaceAll('\n', '\r\n'), 'text');
    expect(book).toEqual({ ...readManuscript(wrapped, 'text'), title: 'The Salt Road' });
  });

  it('counts chapters anew in every part', () => {
    const part = (name: string) => `${name}\n\nCHAPTER ONE\n\nIt began.\n\nCHAPTER TWO\n\nIt went on.\n\n`;
    expect(outline(readManuscript(part('BOOK I') + part('BOOK II'), 'text'))).toEqual([
      ['CHAPTER ONE', 1],
      ['CHAPTER TWO', 1],
      ['CHAPTER ONE', 1],
      ['CHAPTER TWO', 1],
    ]);
  });

  it('says which part of the book a chapter stands in, and leaves the epigraph of a part to its first chapter', () => {
    const book = readManuscript(
      'PART ONE: The Hills\n\nAll roads go down.\n\nChapter 1\n\nOne.\n\nPART TWO\n\nChapter 2\n\nTwo.',
      'text',
    );
    expect(book.chapters.map(({ volume, blocks }) => [volume, blocks.length])).toEqual([
      ['The Hills', 2],
      ['PART TWO', 1],
    ]);
  });

  it('may begin with letters before its chapters, and have letters inside one', () => {
    const file = ['Letter 1', 'Letter 2', 'Chapter 1', 'Chapter 2', 'Letter 1', 'Letter 2', 'Chapter 3']
      .map((line) => `${line}\n\nSo it went.\n\n`)
      .join('');
    expect(outline(readManuscript(file, 'text'))).toEqual([
      ['Letter 1', 1],
      ['Letter 2', 1],
      ['Chapter 1', 1],
      ['Chapter 2', 5],
      ['Chapter 3', 1],
    ]);
  });

  it('may number its chapters and nothing more', () => {
    expect(outline(readManuscript('I\n\nOne.\n\nII\n\nTwo.\n\nIII\n\nThree.', 'text'))).toEqual([
      ['I', 1],
      ['II', 1],
      ['III', 1],
    ]);
    expect(outline(readManuscript('One.\n\n7\n\nTwo.', 'text'))).toEqual([['Untitled', 3]]);
  });

  it('takes prologue and epilogue for chapters, and prose before the first heading too', () => {
    const prose = 'There was once a road that nobody had made, and it went from the hills to the sea. '.repeat(3);
    expect(outline(readManuscript(`Prologue\n\n${prose}\n\nChapter 1: Down\n\nOne.\n\nEpilogue\n\nTwo.`, 'text'))).toEqual([
      ['Prologue', 1],
      ['Down', 1],
      ['Epilogue', 1],
    ]);
    expect(outline(readManuscript(`${prose}\n\nChapter 1: Down\n\nOne.`, 'text'))).toEqual([
      ['Untitled', 1],
      ['Down', 1],
    ]);
  });

  it('without any heading is one chapter', () => {
    expect(outline(readManuscript('It rained.\n\nThen it stopped.', 'text'))).toEqual([['Untitled', 2]]);
  });

  it('with a paragraph on every line is read line by line', () => {
    const line =
      'She had walked since morning, and the road had not once looked back at her, nor she at it, and so they got on well.';
    expect(outline(readManuscript(`Chapter 1\n${line}\n“Good,” she said.\n${line}\n`, 'text'))).toEqual([['Chapter 1', 3]]);
  });
});

describe('a plain text in Chinese', () => {
  it('has chapters, and a story inside one may have numbered parts of its own', () => {
    const book = readManuscript(
      `《盐路》

林安

第一章　赶车人

　　赶车人下山的时候，带着十一袋盐。
　　“下雨了。”他说。

第二章　三个故事

　　第一章　桥

　　第一回忘记了是哪一年，总之桥还没有造好。
　　后来造好了。

　　第二章　税

　　桥上多了一张桌子。

　　第三章　人

　　人走了。

第三章　海

　　海比她想的要小。
`,
      'text',
    );
    expect(book).toMatchObject({ title: '盐路', author: '林安', language: 'zh' });
    expect(outline(book)).toEqual([
      ['赶车人', 2],
      ['三个故事', 7],
      ['海', 1],
    ]);
    expect(book.chapters[1].blocks[2].text).toBe('后来造好了。');
    expect(book.chapters[1].blocks[0]).toEqual({ kind: 'heading', text: '第一章　桥' });
  });

  it('counts its chapters in Chinese or in digits, in 章 or in 回, under 卷, after a 楔子', () => {
    const book = readManuscript(
      '楔子\n\n很久以前。\n\n第一卷 山\n\n第1章 下山\n他下山了。\n\n第２章：过桥\n他过桥了。\n\n第二卷 海\n\n第一百零三章 你是谁？\n“我。”\n\n尾声\n\n完了。',
      'text',
    );
    expect(outline(book)).toEqual([
      ['楔子', 1],
      ['下山', 1],
      ['过桥', 1],
      ['你是谁？', 1],
      ['尾声', 1],
    ]);
    expect(
      outline(readManuscript('第一回 甄士隐梦幻识通灵 贾雨村风尘怀闺秀\n\n此开卷第一回也。\n\n第二回 又一回\n\n却说。', 'text')),
    ).toEqual([
      ['甄士隐梦幻识通灵 贾雨村风尘怀闺秀', 1],
      ['又一回', 1],
    ]);
  });

  it('passes over its contents page', () => {
    const book = readManuscript('目录\n第一章 山\n第二章 海\n\n第一章 山\n\n　　上山。\n\n第二章 海\n\n　　看海。', 'text');
    expect(outline(book)).toEqual([
      ['山', 1],
      ['海', 1],
    ]);
  });
});

describe('a Markdown file', () => {
  it('takes a single # for the title and ## for the chapters', () => {
    const book = readManuscript(
      '# The Salt Road\n\n*by Anna Vale*\n\n## Chapter 1: Down\n\nOne.\n\n### Later\n\nTwo.\n\n## Up\n\nThree.\n',
      'markdown',
    );
    expect(book).toMatchObject({ title: 'The Salt Road', author: 'Anna Vale' });
    expect(outline(book)).toEqual([
      ['Down', 3],
      ['Up', 1],
    ]);
  });

  it('is one chapter when prose stands right under its only #', () => {
    expect(outline(readManuscript('# Down\n\nOne.\n\n## Later\n\nTwo.\n\n## Still later\n\nThree.\n', 'markdown'))).toEqual([
      ['Down', 5],
    ]);
  });

  it('takes several # for chapters, and what they contain for sections', () => {
    expect(outline(readManuscript('# Down\n\nOne.\n\n## 1\n\nTwo.\n\n# Up\n\nThree.\n', 'markdown'))).toEqual([
      ['Down', 3],
      ['Up', 1],
    ]);
  });

  it('believes its front matter, and a # inside code is text', () => {
    const book = readManuscript('---\ntitle: "Salt"\nauthor: Anna Vale\nlanguage: fr\n---\n# Un\n\n```\n# no\n```\n', 'markdown');
    expect(book).toEqual({
      title: 'Salt',
      author: 'Anna Vale',
      language: 'fr',
      chapters: [{ title: 'Un', blocks: [{ kind: 'code', text: '# no' }] }],
    });
  });

  it('without marks is cut at headings told by their words', () => {
    expect(outline(readManuscript('Chapter 1\n\nOne *two*.\n\nChapter 2\n\n- three\n', 'markdown'))).toEqual([
      ['Chapter 1', 1],
      ['Chapter 2', 1],
    ]);
  });
});

it('refuses a file of headings without end, and at once', () => {
  const from = performance.now();
  expect(() => readManuscript('Chapter 1\n\nSo.\n\n'.repeat(50_000), 'text')).toThrow(TooManyChapters);
  expect(() => readManuscript('# One\n\nSo.\n\n'.repeat(50_000), 'markdown')).toThrow(TooManyChapters);
  expect(performance.now() - from).toBeLessThan(4_000);
});

it('reads any file at all, and loses no chapter text to an exception', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'Chapter 1',
      'CHAPTER II.',
      '第一章 山',
      '　　第一章',
      '第三回',
      '# One',
      '## Two',
      '---',
      '',
      '',
      '***',
      'Book I',
      'Prologue',
      '```',
      '===',
      '> so',
    ),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('markdown' as const, 'text' as const), (lines, format) => {
      const book = readManuscript(lines.join('\n'), format);
      for (const { title, blocks } of book.chapters) expect(title.length > 0 && blocks.length > 0).toBe(true);
    }),
    { numRuns: 400 },
  );
});

const corpus = process.env.INKREEL_CORPUS ?? path.resolve(__dirname, '../../../../shared/corpus');
const present = existsSync(path.join(corpus, 'alice/source.txt'));
if (!present)
  console.warn(`SKIPPED: no corpus at ${corpus} (set INKREEL_CORPUS): importing whole novels is not tested in this run.`);

(present ? describe : describe.skip).each(['alice', 'nahan'])('the novel %s', (name) => {
  const read = (file: string) => readFileSync(path.join(corpus, name, file), 'utf8');

  it('has the chapters, the titles and the very paragraphs that its editors gave it', () => {
    const work = JSON.parse(read('work.json')) as {
      language: string;
      chapters: { file: string; title: string; paragraphs: number }[];
    };
    const book = readManuscript(read('source.txt'), 'text');
    expect(book.language).toBe(work.language);
    expect(outline(book)).toEqual(work.chapters.map(({ title, paragraphs }) => [title, paragraphs]));
    // where a poem's lines end is a matter of taste, its words are not
    const flat = (list: readonly string[]) => list.map((text) => text.replace(/\s+/g, ' '));
    const wanted = work.chapters.map(({ file }) =>
      flat(
        parseMarkdown(read(file))
          .slice(1)
          .map(({ text }) => text),
      ),
    );
    expect(texts(book).map(flat)).toEqual(wanted);
  });
});
