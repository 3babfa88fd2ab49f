import { dice } from './keys.js';
import type { Token } from './prose.js';

/**
 * The borders between tokens at which something of this weight ends (`Token.stop`), and which of those in a range has thrown the highest
 * dice; the first one where several have. Throws are compared in a tree, so that a block of n tokens is cut into any number of pieces in
 * n log n steps: looking at every border for every piece takes n² where pieces are cut from one end.
 */
export class Borders {
  /** Token indices, rising; undefined until asked for. */
  #at: number[] | undefined;
  /** A segment tree over `#at`: node k is above nodes 2k and 2k + 1, leaves stand from `#at.length` on; each holds the index of its winner. */
  #winners = new Int32Array(0);
  #throws = new Float64Array(0);

  constructor(
    private readonly tokens: readonly Token[],
    private readonly stop: number,
  ) {}

  /**
   * @param from the first border, `to` behind the last
   * @param side −1 for borders before the wanted range, 1 for those behind it, else 0; rises with the border
   */
  best(from: number, to: number, side: (border: number) => number): number | undefined {
    const at = this.borders();
    const first = firstOf(at.length, (k) => at[k] >= from && side(at[k]) >= 0);
    const end = firstOf(at.length, (k) => at[k] >= to || (at[k] >= from && side(at[k]) > 0));
    const winner = this.winner(first, end);
    return winner === undefined ? undefined : at[winner];
  }

  private borders(): number[] {
    if (this.#at) return this.#at;
    const { tokens, stop } = this;
    const at: number[] = [];
    for (let border = 1; border < tokens.length; border++) if (tokens[border - 1].stop >= stop) at.push(border);
    this.#throws = Float64Array.from(at, (border) => throwAt(tokens, border));
    this.#winners = new Int32Array(2 * at.length);
    for (let k = 0; k < at.length; k++) this.#winners[at.length + k] = k;
    for (let k = at.length - 1; k > 0; k--) this.#winners[k] = this.higher(this.#winners[2 * k], this.#winners[2 * k + 1]);
    return (this.#at = at);
  }

  private winner(from: number, to: number): number | undefined {
    let found: number | undefined;
    const size = this.#throws.length;
    for (let low = from + size, high = to + size; low < high; low >>= 1, high >>= 1) {
      if (low & 1) found = this.higher(this.#winners[low++], found);
      if (high & 1) found = this.higher(this.#winners[--high], found);
    }
    return found;
  }

  private higher(one: number, other: number | undefined): number {
    if (other === undefined) return one;
    const more = this.#throws[one] - this.#throws[other];
    return more > 0 || (more === 0 && one < other) ? one : other;
  }
}

/** Of the words on both sides, so that it is the same wherever they stand. */
function throwAt(tokens: readonly Token[], border: number): number {
  const words = (from: number, to: number) => tokens.slice(Math.max(0, from), to).map((token) => token.text);
  return dice(JSON.stringify([words(border - 3, border), words(border, border + 3)]));
}

/** The first of `length` places at which the question is answered with yes; it is from there on. */
function firstOf(length: number, isThere: (at: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
