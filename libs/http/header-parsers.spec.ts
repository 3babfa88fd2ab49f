/**
 * Headers are read in time linear in their length. Node takes headers of 16 KiB; the inputs here are longer, so that quadratic work
 * shows: it would take 16 times as long for 4 times the text.
 */
import { parseRange } from '#libs/storage/byte-range';
import { bearerToken } from './bearer-token.js';
import { readEtagList } from './etag-list.js';

const SIZES = [4_000, 16_000, 64_000];
const MOST_GROWTH = 9;
/** Below this a measured time says nothing about growth. */
const FLOOR_MS = 20;

const parsers: Record<string, (header: string) => unknown> = {
  range: (header) => parseRange(header, 1_000),
  bearer: (header) => bearerToken({ headers: { authorization: header } }),
  etags: readEtagList,
};

const hostile: Record<string, (size: number) => string> = {
  blanks: (size) => ' '.repeat(size),
  'a range of blanks': (size) => `bytes=${' '.repeat(size)}`,
  'a range of blanks and a sign': (size) => `bytes=${' '.repeat(size)}x`,
  'blanks before the unit': (size) => `${' '.repeat(size)}bytes`,
  'blanks around a dash': (size) => `bytes=1${' '.repeat(size / 2)}-${' '.repeat(size / 2)}x`,
  digits: (size) => `bytes=${'1'.repeat(size)}`,
  dashes: (size) => `bytes=${'-'.repeat(size)}`,
  'one long word': (size) => 'a'.repeat(size),
  'a long token': (size) => `Bearer ${'a'.repeat(size)}`,
  'blanks before a token': (size) => `Bearer${' '.repeat(size)}a b`,
  quotes: (size) => '"'.repeat(size),
  commas: (size) => ','.repeat(size),
  'open tags': (size) => 'W/"'.repeat(size / 3),
  'many tags': (size) => 'W/"1",'.repeat(size / 6),
};

/** The fastest of some runs; one that takes long is not repeated. */
function fastest(work: () => unknown): number {
  let least = Infinity;
  for (let run = 0; run < 3; run++) {
    const began = performance.now();
    work();
    least = Math.min(least, performance.now() - began);
    if (least > 500) break;
  }
  return least;
}

function grows(parse: (header: string) => unknown, make: (size: number) => string): string | undefined {
  let before = fastest(() => parse(make(SIZES[0])));
  for (const size of SIZES.slice(1)) {
    const time = fastest(() => parse(make(size)));
    if (time > FLOOR_MS && time > before * MOST_GROWTH) return `${before.toFixed(1)} → ${time.toFixed(1)} ms at ${size}`;
    before = time;
  }
  return undefined;
}

it.each(Object.keys(parsers))('%s: the time grows no faster than the header', (name) => {
  for (const [kind, make] of Object.entries(hostile)) expect([kind, grows(parsers[name], make)]).toEqual([kind, undefined]);
});

it('work that is quadratic is found', () => {
  const quadratic = (header: string) => /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header);
  expect(grows(quadratic, hostile['a range of blanks and a sign'])).toMatch(/ms at/);
});
