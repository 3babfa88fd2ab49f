import type { Heading } from './headings.js';

/** Most characters between the heading of a part and its first chapter. With more, the heading does not start a part with chapters. */
const EPIGRAPH = 600;
/** Most headings that a story inside a chapter may have. */
const AHEAD = 300;

/**
 * Finds the headings that start a chapter, and those that start a part of the book with chapters in it. The headings of a contents
 * page are ignored. A story inside a chapter may have numbered parts of its own, which stay in that chapter: their numbers start again
 * at 1 and the count of the chapters continues after them, or they are indented deeper than the chapters.
 *
 * @param textBetween how many characters stand between two lines
 */
export function chaptersAmong(
  all: readonly Heading[],
  textBetween: (from: number, to: number) => number,
): { chapters: Heading[]; parts: Heading[] } {
  const listed = contents(all, (from, to) => textBetween(from, to) > 0);
  const real = all.filter((heading) => !listed.has(heading));
  const ranks = (['chapter', 'part', 'section'] as const).filter((rank) =>
    real.some((heading) => heading.rank === rank && heading.number !== undefined),
  );
  const rank = ranks.at(0);
  const open: Heading[] = []; // the last heading of each unfinished count, outermost first
  const chapters: Heading[] = [];
  const parts: Heading[] = [];
  let newPart = false;
  real.forEach((heading, at) => {
    const next = real.at(at + 1);
    if (
      heading.rank === 'part' &&
      rank !== 'part' &&
      next &&
      next.rank === rank &&
      textBetween(heading.end, next.line) <= EPIGRAPH
    ) {
      parts.push(heading);
      newPart = true;
    } else if (heading.rank === 'chapter' && heading.number === undefined) {
      if (open.length <= 1) chapters.push(heading);
    } else if (heading.rank === rank) {
      const level = newPart ? 0 : levelOf(heading, open, real.slice(at + 1, at + AHEAD));
      newPart = false;
      open.length = level;
      open.push(heading);
      if (level === 0) chapters.push(heading);
    }
  });
  return { chapters, parts };
}

/** The level of a heading: 0 for a chapter, 1 for a part of a story in it, … */
function levelOf(heading: Heading, open: readonly Heading[], later: readonly Heading[]): number {
  const [outer] = open;
  if (!outer) return 0;
  const follows = (one: Heading, before: Heading) => one.unit === before.unit && one.number === (before.number ?? 0) + 1;
  if (heading.number === 1) {
    const goesOn = later.some((one) => follows(one, outer) && one.indent <= outer.indent);
    return goesOn || heading.indent > outer.indent ? 1 : 0;
  }
  const deepest = (fits: (before: Heading) => boolean) => open.findLastIndex(fits);
  const same = deepest((before) => follows(heading, before) && before.indent === heading.indent);
  const any = same >= 0 ? same : deepest((before) => follows(heading, before));
  // a number is missing or given twice: a heading indented like the chapters is one
  return any >= 0
    ? any
    : Math.max(
        0,
        deepest((before) => before.unit === heading.unit && before.indent === heading.indent),
      );
}

/** The headings of a contents page: two or more in a row without text between them, each of which occurs again later. */
function contents(all: readonly Heading[], hasText: (from: number, to: number) => boolean): Set<Heading> {
  const key = ({ rank, unit, number, label }: Heading) => `${rank} ${unit} ${number ?? label.toLowerCase()}`;
  const last = new Map(all.map((heading, i) => [key(heading), i]));
  const again = (i: number) => (last.get(key(all[i])) ?? 0) > i;
  const listed = new Set<Heading>();
  for (let from = 0, to; from < all.length; from = to + 1) {
    to = from;
    while (to + 1 < all.length && !hasText(all[to].end, all[to + 1].line)) to++;
    const bare = all.slice(from, to).filter((_, k) => again(from + k));
    // the text under the last entry is not that chapter, but a preface or a list of plates
    const goesOn = to > from && bare.length === to - from && again(to) && all[to].number === (all[to - 1].number ?? NaN) + 1;
    if (bare.length < 2 && !(goesOn && bare[0].number === 1)) continue;
    for (const heading of goesOn ? all.slice(from, to + 1) : bare) listed.add(heading);
  }
  return listed;
}
