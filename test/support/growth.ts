/**
 * Finds work that grows faster than its input. A function is run on inputs of 8 times the size each, up to `largest` characters; what
 * takes 20 times as long on 8 times the input is not linear (linear work takes 8 times as long, quadratic work 64 times).
 *
 *   expectLinear(parseMarkdown, { 'tildes and a backtick': (size) => '~'.repeat(size) + '`' });
 *
 * CPU time of the process is measured, so that other processes do not count; times below `FLOOR_MS` are not compared, and a suspicious
 * pair is measured again, best of five. Largest sizes are at least 32,000 characters: there quadratic work takes half a second.
 */
const STEP = 8;
const MOST_GROWTH = STEP * 2.5;
const FLOOR_MS = 60;
/** After a longer time the next size is not tried: cubic work would take an hour. */
const LONGEST_MS = 1_000;

export interface Growth {
  readonly size: number;
  readonly small: number;
  readonly large: number;
}

type Work = (input: string) => unknown;
export type Make = (size: number) => string;

/** The first size that took too long for a linear function, with the time of an eighth of it; undefined when there is none. */
export function superlinear(work: Work, input: Make, largest: number): Growth | undefined {
  for (let size = largest / STEP ** 3, before = Infinity; size <= largest; size *= STEP) {
    const large = time(work, input(size));
    if (large > LONGEST_MS || (large > FLOOR_MS && large > before * MOST_GROWTH)) {
      const small = best(work, input(size / STEP));
      const again = large > LONGEST_MS ? large : best(work, input(size));
      if (again > Math.max(small * MOST_GROWTH, FLOOR_MS)) return { size, small, large: again };
    }
    before = large;
  }
  return undefined;
}

/** @param largest in characters */
export function expectLinear(work: Work, inputs: Readonly<Record<string, Make>>, largest: number): void {
  const found = Object.entries(inputs).flatMap(([name, input]) => {
    const growth = superlinear(work, input, largest);
    if (!growth) return [];
    const { size, small, large } = growth;
    return [`${name}: ${small.toFixed(1)} ms for ${size / STEP} characters, ${large.toFixed(1)} ms for ${size}`];
  });
  expect(found).toEqual([]);
}

function time(work: Work, input: string): number {
  const before = process.cpuUsage();
  work(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function best(work: Work, input: string): number {
  return Math.min(...Array.from({ length: 5 }, () => time(work, input)));
}
