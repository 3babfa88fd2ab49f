/**
 * Where a caption's lines end: as few lines as fit, of about equal length, broken where a reader pauses (Knuth & Plass, 1981, in small).
 * Captions are laid out in pixels to be drawn and in columns to be written into files: the same rule makes them look alike.
 */
const STOP = /[.!?…。！？][\p{Pe}\p{Pf}"']*$/u;
const PAUSE = /[,;:—–，、；：][\p{Pe}\p{Pf}"']*$/u;
const OPENS = /[\p{Ps}\p{Pi}]$/u;
const CLOSES = /^[\p{Pe}\p{Pf}.,!?;:%…。，、！？；：”’）》」』】]/u;
const SHORT = /^[\p{Script=Latin}]{1,3}$/u;
/** One character alone, unless it is a particle of what stands before it: 我, 去; also half of a word that the dictionary does not know: 谋|食. */
const LONE_HAN = /^(?![的地得了着过吗呢吧啊呀嘛们里上下中])\p{Script=Han}$/u;

/** What a break between an opening sign and its word costs. */
export const NEVER = 1_000;

/** How unpleasant it is to break the line after `left`: 0 is neutral, less invites. */
function breakCost(left: string, right: string): number {
  if (OPENS.test(left) || CLOSES.test(right)) return NEVER;
  if (STOP.test(left)) return -0.3;
  if (PAUSE.test(left)) return -0.15;
  return SHORT.test(left) || LONE_HAN.test(left) ? 0.12 : 0; // an article or preposition belongs to what follows
}

export interface Measured {
  readonly text: string;
  readonly width: number;
}

/**
 * The first word of each of exactly `count` lines, with the least sum of squared emptiness and break costs.
 * @param gaps before each word, none before the first
 * @param dearest breaks that cost as much are not made
 */
export function lineStarts(
  words: readonly Measured[],
  gaps: readonly number[],
  room: number,
  count: number,
  dearest = Infinity,
): number[] | undefined {
  const n = words.length;
  // best[i]: words from i on in as many lines as were looked at so far
  let best: { cost: number; starts: number[] }[] = Array.from({ length: n + 1 }, (_, i) => ({
    cost: i === n ? 0 : Infinity,
    starts: [],
  }));
  for (let lines = 1; lines <= count; lines++) {
    const next = best.map(() => ({ cost: Infinity, starts: [] as number[] }));
    for (let i = 0; i < n; i++) {
      let width = 0;
      for (let j = i; j < n; j++) {
        width += words[j].width + (j > i ? gaps[j] : 0);
        if (width > room) break;
        const rest = best[j + 1];
        const empty = 1 - width / room;
        const after = j + 1 < n ? breakCost(words[j].text, words[j + 1].text) : 0;
        const cost = empty * empty + after + rest.cost;
        if (cost < next[i].cost) next[i] = { cost, starts: [i, ...rest.starts] };
      }
    }
    best = next;
  }
  const found = best[0];
  return found.cost < dearest ? found.starts : undefined;
}
