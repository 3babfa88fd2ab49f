import { DomainError } from '#libs/kernel/domain-error';
import type { Token } from './prose.js';
import { gapBetween, primary, tokensOf, UNSPACED } from './prose.js';

/**
 * How words are pronounced in a work: what is written is shown, what is spoken is said. In spaced scripts an entry stands for whole
 * words (its possessive included, so that "Aoife" also helps "Aoife's"), in Chinese, Japanese or Thai for any run of characters:
 * there a 多音字 is settled by characters that sound right (`重庆` → `虫庆`) or by pinyin with tones (`chong2 qing4`).
 */
export interface LexiconEntry {
  readonly written: string;
  readonly spoken: string;
  /** Only in films of this language. */
  readonly language?: string;
  /** Without it `polish` and `Polish` are one word. */
  readonly caseSensitive?: boolean;
}

/** One version of a work's lexicon: never changed, as films name it. 0 is the empty one that every work begins with. */
export interface LexiconState {
  workId: string;
  version: number;
  entries: LexiconEntry[];
}

export const MAX_ENTRIES = 2_000;

/** The next version, tidied. @returns undefined when it says what the last one says. */
export function revisedLexicon(last: LexiconState, wanted: readonly LexiconEntry[]): LexiconState | undefined {
  const seen = new Set<string>();
  const entries = wanted.map((entry, i): LexiconEntry => {
    const written = entry.written.normalize('NFC').replace(/\s+/gu, ' ').trim();
    const spoken = entry.spoken.normalize('NFC').replace(/\s+/gu, ' ').trim();
    if (!said(written, entry.language)) throw new UselessEntry(i, 'written', entry.written);
    if (!said(spoken, entry.language)) throw new UselessEntry(i, 'spoken', entry.spoken);
    const { language, caseSensitive } = entry;
    const name = JSON.stringify([caseSensitive ? written : folded(written), language && primary(language), caseSensitive]);
    if (seen.has(name)) throw new TwiceInLexicon(written);
    seen.add(name);
    return { written, spoken, ...(language && { language }), ...(caseSensitive && { caseSensitive }) };
  });
  if (JSON.stringify(entries) === JSON.stringify(last.entries.map(ordered))) return undefined;
  return { workId: last.workId, version: last.version + 1, entries };
}

/** Postgres keeps the members of an object in an order of its own. */
const ordered = ({ written, spoken, language, caseSensitive }: LexiconEntry): LexiconEntry => ({
  written,
  spoken,
  ...(language && { language }),
  ...(caseSensitive && { caseSensitive }),
});

/** The words of one block as they are to be said: as many tokens, the same on the screen, the same stops. Longest match first. */
export type Pronounce = (tokens: readonly Token[]) => readonly Token[];

export function pronouncing(lexicon: readonly LexiconEntry[], language: string): Pronounce {
  const root: Branch = { next: new Map(), rules: [] };
  for (const entry of lexicon) {
    if (entry.language && primary(entry.language) !== primary(language)) continue;
    const rule = ruleOf(entry, language);
    if (rule) grow(root, rule);
  }
  if (root.next.size === 0) return (tokens) => tokens;
  return (tokens) => {
    const line = joined(tokens);
    const hits = matches(line.text, root);
    return hits.length === 0 ? tokens : replaced(tokens, line.starts, hits);
  };
}

interface Rule {
  readonly written: string;
  readonly folded: string;
  readonly units: readonly string[];
  readonly glue: '' | ' ';
  readonly caseSensitive: boolean;
}

/** A trie of the written words: a place in a text is compared with all entries at once, in at most as many steps as the longest has. */
interface Branch {
  readonly next: Map<string, Branch>;
  /** Those that end here, the ones that mind capitals first. */
  readonly rules: Rule[];
}

function grow(root: Branch, rule: Rule): void {
  let branch = root;
  for (let i = 0; i < rule.folded.length; i++) {
    const sign = rule.folded[i];
    const next = branch.next.get(sign) ?? { next: new Map(), rules: [] };
    branch.next.set(sign, next);
    branch = next;
  }
  branch.rules.push(rule);
  branch.rules.sort((a, b) => Number(b.caseSensitive) - Number(a.caseSensitive));
}

function ruleOf({ written, spoken, caseSensitive = false }: LexiconEntry, language: string): Rule | undefined {
  // both sides go the way that prose goes, so that a curly apostrophe or a wide letter is no other word
  const from = said(written, language);
  const to = said(spoken, language);
  if (!from || !to) return undefined;
  const glue = UNSPACED.test(to) ? '' : ' ';
  return { written: from, folded: folded(from), units: glue ? to.split(' ') : [...to], glue, caseSensitive };
}

function said(text: string, language = 'en'): string {
  return joined(tokensOf(text.replace(/\n/g, ' '), 'code', language)).text;
}

/** What is said, in one line, and where in it each token begins. */
function joined(tokens: readonly Token[]): { text: string; starts: number[] } {
  let text = '';
  const starts = tokens.map(({ say }, i) => {
    if (i > 0) text += gapBetween(tokens[i - 1].say, say);
    text += say;
    return text.length - say.length;
  });
  return { text, starts };
}

/** In small letters, each in its old place: a capital whose small form is longer stays. */
function folded(text: string): string {
  return Array.from({ length: text.length }, (_, i) => {
    const small = text[i].toLowerCase();
    return small.length === 1 ? small : text[i];
  }).join('');
}

interface Hit {
  readonly from: number;
  readonly to: number;
  readonly rule: Rule;
}

function matches(text: string, root: Branch): Hit[] {
  const small = folded(text);
  const hits: Hit[] = [];
  for (let from = 0; from < text.length; from++) {
    const rule = longestAt(text, small, from, root);
    if (!rule) continue;
    hits.push({ from, to: from + rule.written.length, rule });
    from += rule.written.length - 1;
  }
  return hits;
}

function longestAt(text: string, small: string, from: number, root: Branch): Rule | undefined {
  let found: Rule | undefined;
  let branch = root.next.get(small[from]);
  for (let to = from + 1; branch; branch = branch.next.get(small[to++])) {
    if (branch.rules.length === 0 || !isWhole(text, from, to)) continue;
    const written = text.slice(from, to);
    found = branch.rules.find((one) => !one.caseSensitive || one.written === written) ?? found;
  }
  return found;
}

const IN_WORD = /[\p{L}\p{M}\p{N}]/u;
/** Scripts whose words are not told apart by spaces alone: Korean glues its particles on. */
const RUNS_ON = new RegExp(`${UNSPACED.source}|\\p{sc=Hang}`, 'u');
const isSpaced = (sign: string): boolean => IN_WORD.test(sign) && !RUNS_ON.test(sign);

/** Whether no word of a spaced script is cut at either end. */
function isWhole(text: string, from: number, to: number): boolean {
  const before = [...text.slice(Math.max(0, from - 3), from)];
  const after = [...text.slice(to, to + 4)];
  const [first, last] = [[...text.slice(from, from + 2)][0], [...text.slice(Math.max(from, to - 2), to)].at(-1) ?? ''];
  if (isSpaced(first)) {
    if (isSpaced(before.at(-1) ?? '')) return false;
    if (before.at(-1) === "'" && isSpaced(before.at(-2) ?? '') && to - from < 2) return false; // the t of don't
  }
  if (isSpaced(last)) {
    if (isSpaced(after[0] ?? '')) return false;
    if (after[0] === "'" && isSpaced(after[1] ?? '') && !(/^s$/i.test(after[1]) && !isSpaced(after[2] ?? ''))) return false;
  }
  return true;
}

function replaced(tokens: readonly Token[], starts: readonly number[], hits: readonly Hit[]): Token[] {
  const says = tokens.map(({ say }) => say);
  // from the end, so that places before a hit stay where they were
  for (const { from, to, rule } of [...hits].reverse()) {
    const first = tokenAt(starts, from);
    const last = tokenAt(starts, to - 1);
    const shares = shared(rule, last - first + 1);
    const head = says[first].slice(0, from - starts[first]);
    const tail = says[last].slice(to - starts[last]);
    for (let i = first; i <= last; i++) says[i] = shares[i - first];
    says[first] = beside(head, says[first]);
    const speaking = first + shares.findLastIndex((share) => share !== '');
    says[speaking] = beside(says[speaking], tail);
  }
  return tokens.map((token, i) => (says[i] === token.say ? token : { ...token, say: says[i] }));
}

/** Chinese takes pinyin as a word of its own. */
function beside(left: string, right: string): string {
  const touch = (one: string, other: string) => IN_WORD.test(one) && RUNS_ON.test(one) && isSpaced(other);
  const [end, begin] = [[...left].at(-1) ?? '', [...right.slice(0, 2)][0] ?? ''];
  return touch(end, begin) || touch(begin, end) ? `${left} ${right}` : left + right;
}

function tokenAt(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What each of the written tokens says of the spoken words; those left over say nothing. */
function shared({ units, glue }: Rule, tokens: number): string[] {
  const each = Math.max(1, units.length / tokens);
  return Array.from({ length: tokens }, (_, i) => units.slice(Math.round(i * each), Math.round((i + 1) * each)).join(glue));
}

export class UselessEntry extends DomainError {
  readonly code = 'useless-entry';
  readonly kind = 'invalid';
  constructor(at: number, side: 'written' | 'spoken', text: string) {
    super(
      `Entry ${at + 1} has nothing to say in "${side}" ("${text.slice(0, 40)}"): write letters or digits. Phonetic alphabets are not read by the voices here: respell the word, as "Shiv-awn" for Siobhán.`,
    );
  }
}
export class TwiceInLexicon extends DomainError {
  readonly code = 'twice-in-lexicon';
  readonly kind = 'invalid';
  constructor(written: string) {
    super(`"${written.slice(0, 80)}" stands twice in the list: keep one of them.`);
  }
}
