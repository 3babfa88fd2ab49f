/**
 * Do comments stay at their paragraph? Edits real text at random over five revisions and checks, for every comment, whether it is
 * still at the paragraph that it was made on. The generator records the truth word by word while it edits; every rate is counted.
 *
 *     node test/bench/anchors.mjs [--seeds 30] [--json] [--dist dist]
 *
 * The edits of one revision: 3 % of the paragraphs deleted, 3 % rewritten (60 % of their words), 10 % lightly edited (10 % of
 * their words), after 3 % one inserted (real prose from elsewhere in the same book), 2 % split in half, 2 % merged with the next,
 * and in three of ten revisions five paragraphs moved. Texts: the works of `INKREEL_CORPUS` (folders with work.json and
 * chapters/*.md), else `seed/`.
 *
 * Compared with paragraph numbers, and with the search for a quotation in the whole text that Hypothesis uses (exact, else the
 * nearest by edit distance, scored by quotation, context and position; the best is taken), on short quotations, as readers select
 * them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { quoteSearch } from './quote-search.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const json = process.argv.includes('--json');
const seeds = Number(argument('seeds', '30'));
const dist = path.resolve(root, argument('dist', 'dist'), 'src/chapters/domain');
if (!existsSync(path.join(dist, 'alignment.js'))) {
  console.error(`There is no ${path.relative(root, dist)}/alignment.js: run \`npm run build\` first.`);
  process.exit(1);
}
const load = (name) => import(pathToFileURL(path.join(dist, name)).href);
const { align } = await load('alignment.js');
const { transferAnchor } = await load('anchoring.js');
const { parseMarkdown } = await load('markdown.js');

const REVISIONS = 5;
const WINDOW = 120;

/** @returns {{ name: string, language: string, paragraphs: string[] }[]} */
function texts() {
  const corpus = process.env.INKREEL_CORPUS ?? path.join(root, '../shared/corpus');
  const prose = (file) =>
    parseMarkdown(readFileSync(file, 'utf8'))
      .filter((block) => block.kind !== 'heading' && block.kind !== 'scene-break')
      .map((block) => block.text);
  if (existsSync(corpus)) {
    return readdirSync(corpus)
      .filter((name) => existsSync(path.join(corpus, name, 'work.json')))
      .map((name) => {
        const work = JSON.parse(readFileSync(path.join(corpus, name, 'work.json'), 'utf8'));
        return {
          name,
          language: work.language,
          paragraphs: work.chapters.flatMap(({ file }) => prose(path.join(corpus, name, file))),
        };
      });
  }
  console.error('No corpus (INKREEL_CORPUS): measuring on the short demo texts in seed/, which say less.');
  return ['en', 'zh'].map((language) => ({
    name: `seed/${language}`,
    language,
    paragraphs: prose(path.join(root, `seed/${language}.md`)),
  }));
}

/** mulberry32: small, seeded, the same everywhere. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A paragraph under edit: its words, and for each the paragraph it stood in at first (`home`) and its place there, or -1 for new words.
 * `ids` are the first paragraphs it is still a descendant of, also when every word was replaced.
 */
const fresh = (text, language, home) => {
  const words = language === 'zh' ? [...text] : text.split(' ');
  return { words, homes: words.map(() => home), places: words.map((_, k) => k), ids: home < 0 ? [] : [home] };
};
const textOf = (paragraph, language) => paragraph.words.join(language === 'zh' ? '' : ' ');

function edited(paragraph, share, pool, language, rand) {
  const next = { ...paragraph, words: [...paragraph.words], homes: [...paragraph.homes], places: [...paragraph.places] };
  for (let k = 0; k < next.words.length; k++) {
    if (rand() >= share) continue;
    const donor = fresh(pool[Math.floor(rand() * pool.length)], language, -1).words;
    next.words[k] = donor[Math.floor(rand() * donor.length)];
    next.homes[k] = next.places[k] = -1;
  }
  return next;
}

function cut(paragraph, from, to) {
  const { words, homes, places, ids } = paragraph;
  return { words: words.slice(from, to), homes: homes.slice(from, to), places: places.slice(from, to), ids };
}

function revise(paragraphs, pool, language, rand) {
  const out = [];
  for (let i = 0; i < paragraphs.length; i++) {
    const one = paragraphs[i];
    const next = paragraphs[i + 1];
    const dice = rand();
    if (dice < 0.03) continue;
    if (dice < 0.06) out.push(edited(one, 0.6, pool, language, rand));
    else if (dice < 0.16) out.push(edited(one, 0.1, pool, language, rand));
    else if (dice < 0.19) out.push(one, fresh(pool[Math.floor(rand() * pool.length)], language, -1));
    else if (dice < 0.21 && textOf(one, language).length > 40) {
      const half = Math.floor(one.words.length / 2);
      out.push(cut(one, 0, half), cut(one, half, one.words.length));
    } else if (dice < 0.23 && next) {
      const both = (key) => [...one[key], ...next[key]];
      out.push({ words: both('words'), homes: both('homes'), places: both('places'), ids: [...new Set(both('ids'))] });
      i++;
    } else out.push(one);
  }
  if (rand() < 0.3 && out.length > 20) {
    const moved = out.splice(Math.floor(rand() * (out.length - 6)), 5);
    out.splice(Math.floor(rand() * out.length), 0, ...moved);
  }
  return out;
}

/** Counts of one method. `alive`: the paragraph still exists, rewritten or not. */
const tally = () => ({ right: 0, wrong: 0, lost: 0, detached: 0, reattached: 0, spanRight: 0, spanWrong: 0, spanMissing: 0 });

function judge(count, home, place, paragraphs, living) {
  if (!living.has(home)) count[place === undefined ? 'detached' : 'reattached']++;
  else if (place === undefined) count.lost++;
  else count[paragraphs[place]?.ids.includes(home) ? 'right' : 'wrong']++;
}

/** Of quotes that still have words: are they among those pointed at? */
function judgeSpan(count, remark, at, span, paragraphs, language) {
  const mine = (p, k) => p.homes[k] === remark.home && p.places[k] >= remark.from && p.places[k] < remark.to;
  const left = paragraphs.some((p) => p.words.some((_, k) => mine(p, k)));
  if (!span) {
    if (left && at !== undefined) count.spanMissing++;
    return;
  }
  const p = paragraphs[at];
  let offset = 0;
  let hit = false;
  p.words.forEach((word, k) => {
    if (mine(p, k) && offset < span.end && offset + word.length > span.start) hit = true;
    offset += word.length + (language === 'zh' ? 0 : 1);
  });
  if (hit) count.spanRight++;
  else if (left) count.spanWrong++;
}

/** The paragraphs under edit; at least a third of the text is left to insert from. */
function windowOf(paragraphs) {
  return Math.min(WINDOW, Math.floor((paragraphs.length * 2) / 3));
}

function trial({ paragraphs, language }, seed, counts, times) {
  const rand = random(seed);
  const window = windowOf(paragraphs);
  const offset = Math.floor(rand() * Math.max(1, paragraphs.length - window));
  const base = paragraphs.slice(offset, offset + window);
  const pool = paragraphs.filter((_, i) => i < offset || i >= offset + window);
  let now = base.map((text, i) => fresh(text, language, i));
  const whole = base.join('\n');
  const starts = [];
  base.reduce((at, text) => (starts.push(at), at + text.length + 1), 0);

  const remarks = base.map((text, home) => {
    const words = fresh(text, language, home).words;
    const count = Math.min(words.length, language === 'zh' ? 4 + Math.floor(rand() * 9) : 3 + Math.floor(rand() * 7));
    const from = Math.floor(rand() * (words.length - count + 1));
    const glue = language === 'zh' ? '' : ' ';
    const start = from === 0 ? 0 : words.slice(0, from).join(glue).length + glue.length;
    const exact = words.slice(from, from + count).join(glue);
    const quote = {
      exact,
      prefix: text.slice(Math.max(0, start - 32), start),
      suffix: text.slice(start + exact.length, start + exact.length + 32),
    };
    const at = starts[home] + start;
    const inWhole = {
      exact,
      at,
      prefix: whole.slice(Math.max(0, at - 32), at),
      suffix: whole.slice(at + exact.length, at + exact.length + 32),
    };
    return { home, from, to: from + count, quote, span: { start, end: start + exact.length }, inWhole };
  });

  let ids = 0;
  const newId = () => `b${ids++}`;
  let blocks = base.map((text) => ({ id: newId(), kind: 'paragraph', text }));
  const onBlock = blocks.map(({ id }) => ({ block: id, status: 'anchored' }));
  const onWords = blocks.map(({ id }, i) => ({
    block: id,
    status: 'anchored',
    quote: remarks[i].quote,
    span: remarks[i].span,
  }));
  for (let r = 0; r < REVISIONS; r++) {
    now = revise(now, pool, language, rand);
    const incoming = now.map((p) => ({ kind: 'paragraph', text: textOf(p, language) }));
    const from = performance.now();
    const aligned = align(blocks, incoming, { newId, language });
    times.push(performance.now() - from);
    blocks = aligned.blocks;
    const byId = new Map(blocks.map((block) => [block.id, block.text]));
    const step = { lineage: aligned.lineage, textOf: (id) => byId.get(id) };
    for (const list of [onBlock, onWords]) list.forEach((anchor, i) => (list[i] = transferAnchor(anchor, step)));
  }

  const living = new Set(now.flatMap((p) => p.ids));
  const placeOf = new Map(blocks.map(({ id }, i) => [id, i]));
  const text = now.map((p) => textOf(p, language)).join('\n');
  const ends = [];
  now.reduce((at, p) => (ends.push(at + textOf(p, language).length), at + textOf(p, language).length + 1), 0);
  for (const remark of remarks) {
    const { home } = remark;
    judge(counts.ordinal, home, home < now.length ? home : undefined, now, living);
    const found = quoteSearch(text, remark.inWhole);
    const middle = found && (found.start + found.end - 1) / 2;
    judge(counts.quote, home, found && ends.findIndex((end) => middle < end + 1), now, living);
    for (const [name, anchor] of [
      ['block', onBlock[home]],
      ['words', onWords[home]],
    ]) {
      const place = anchor.status === 'detached' ? undefined : placeOf.get(anchor.block);
      judge(counts[name], home, place, now, living);
      if (name === 'words' && place !== undefined) judgeSpan(counts.words, remark, place, anchor.span, now, language);
    }
  }
}

const METHODS = {
  ordinal: 'paragraph numbers',
  quote: 'quote search (Hypothesis)',
  block: 'Inkreel, on a paragraph',
  words: 'Inkreel, on words in it',
};
const percent = (part, all) => (all === 0 ? 0 : (100 * part) / all);
const lines = [];
let missed = false;
for (const work of texts()) {
  const counts = Object.fromEntries(Object.keys(METHODS).map((name) => [name, tally()]));
  const times = [];
  for (let seed = 1; seed <= seeds; seed++) trial(work, seed * 7919 + work.language.charCodeAt(0), counts, times);
  const rates = Object.fromEntries(
    Object.entries(counts).map(([name, c]) => {
      const alive = c.right + c.wrong + c.lost;
      const spans = c.spanRight + c.spanWrong + c.spanMissing;
      return [
        name,
        {
          right: percent(c.right, alive),
          wrong: percent(c.wrong, alive),
          lost: percent(c.lost, alive),
          reattached: percent(c.reattached, c.reattached + c.detached),
          spanRight: percent(c.spanRight, spans),
          spanWrong: percent(c.spanWrong, spans),
          counted: `${alive} + ${c.reattached + c.detached}`,
        },
      ];
    }),
  );
  if (!json) {
    console.log(
      `\n${work.name} (${work.language}): ${seeds} seeds, ${REVISIONS} revisions, ${windowOf(work.paragraphs)} paragraphs, a remark on each`,
    );
    console.log(`${''.padEnd(28)}   right  silently   lost   deleted text   remarks on living`);
    console.log(`${''.padEnd(28)}             wrong          re-attached    + deleted text`);
    for (const [name, rate] of Object.entries(rates)) {
      const cell = (value, width) => `${value.toFixed(2)} %`.padStart(width);
      console.log(
        METHODS[name].padEnd(28) +
          cell(rate.right, 8) +
          cell(rate.wrong, 9) +
          cell(rate.lost, 9) +
          cell(rate.reattached, 13) +
          `   ${rate.counted}`.padStart(20),
      );
    }
    const sorted = times.sort((a, b) => a - b);
    console.log(
      `the quoted words that are left: found ${rates.words.spanRight.toFixed(1)} %, other words shown ${rates.words.spanWrong.toFixed(2)} %`,
    );
    console.log(`alignment: median ${sorted[sorted.length >> 1].toFixed(1)} ms, slowest ${sorted.at(-1).toFixed(1)} ms`);
  }
  const goals = { wrong: 0.2, reattached: 0, lost: work.language === 'zh' ? 20 : 8 };
  for (const name of ['block', 'words']) {
    for (const [what, goal] of Object.entries(goals)) {
      const value = Number(rates[name][what].toFixed(3));
      const ok = value <= goal;
      if (!ok) missed = true;
      lines.push({
        name: `anchors ${work.language} ${name} ${what}`,
        value,
        unit: '%',
        baseline: `quote search ${rates.quote[what].toFixed(2)} %`,
        goal,
        ok,
      });
    }
  }
}
if (json) for (const line of lines) console.log(JSON.stringify(line));
else
  for (const line of lines)
    console.log(`${line.ok ? 'ok    ' : 'MISSED'} ${line.name}: ${line.value} % (goal ≤ ${line.goal} %, ${line.baseline})`);
if (lines.length === 0) console.error('No text to measure on.');
process.exit(missed || lines.length === 0 ? 1 : 0);
