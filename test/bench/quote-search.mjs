/**
 * The baseline: how Hypothesis finds a quote again (hypothesis/client, src/annotator/anchoring/match-quote.ts, as of 2026-07),
 * written anew for measuring. Exact matches if there are any, else all places with the fewest errors (at most half the quote);
 * each scored 50 for the quote, 20 and 20 for what stands before and after it, 2 for the position; the best is taken, however poor.
 *
 * @param {string} text
 * @param {{ exact: string, prefix: string, suffix: string, at: number }} quote
 * @returns {{ start: number, end: number } | undefined}
 */
export function quoteSearch(text, { exact, prefix, suffix, at }) {
  if (text.slice(at, at + exact.length) === exact) return { start: at, end: at + exact.length };
  let best;
  let bestScore = -1;
  for (const match of search(text, exact, Math.min(256, exact.length / 2))) {
    const before = prefix ? likeness(text.slice(Math.max(0, match.start - prefix.length), match.start), prefix) : 1;
    const after = suffix ? likeness(text.slice(match.end, match.end + suffix.length), suffix) : 1;
    const near = 1 - Math.abs(match.start - at) / text.length;
    const score = (50 * (1 - match.errors / exact.length) + 20 * before + 20 * after + 2 * near) / 92;
    if (score > bestScore) [best, bestScore] = [match, score];
  }
  return best;
}

function likeness(text, wanted) {
  if (!text || !wanted) return 0;
  const [first] = search(text, wanted, wanted.length);
  return first ? 1 - first.errors / wanted.length : 0;
}

/** Every place with the fewest errors. */
function search(text, pattern, most) {
  const exact = [];
  for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1))
    exact.push({ start: at, end: at + pattern.length, errors: 0 });
  if (exact.length > 0) return exact;
  let fewest = Math.floor(most);
  let ends = [];
  distances(text, pattern, (end, errors) => {
    if (errors > fewest) return;
    if (errors < fewest) ends = [];
    fewest = errors;
    ends.push(end);
  });
  const backwards = [...pattern].reverse().join('');
  return ends.map((end) => {
    const from = Math.max(0, end - pattern.length - fewest);
    let start = end;
    distances([...text.slice(from, end)].reverse().join(''), backwards, (length, errors) => {
      if (errors === fewest && start === end) start = end - length;
    });
    return { start, end, errors: fewest };
  });
}

/** Edit distance of the pattern to what ends at each place (Myers 1999, on BigInt words as wide as the pattern). */
function distances(text, pattern, at) {
  const width = BigInt(pattern.length);
  const all = (1n << width) - 1n;
  const top = 1n << (width - 1n);
  const where = new Map();
  for (let i = 0; i < pattern.length; i++) where.set(pattern[i], (where.get(pattern[i]) ?? 0n) | (1n << BigInt(i)));
  let up = all;
  let down = 0n;
  let errors = pattern.length;
  for (let j = 0; j < text.length; j++) {
    const same = where.get(text[j]) ?? 0n;
    const diagonal = (((same & up) + up) ^ up) | same | down;
    let right = down | (all & ~(diagonal | up));
    let left = up & diagonal;
    if (right & top) errors++;
    if (left & top) errors--;
    right = (right << 1n) & all;
    left = (left << 1n) & all;
    const vertical = same | down;
    up = left | (all & ~(vertical | right));
    down = right & vertical;
    at(j + 1, errors);
  }
}
