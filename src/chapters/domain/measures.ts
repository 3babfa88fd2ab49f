import { dice, gramLength, profile, Rarity, words } from './similarity.js';
import type { Draft } from './blocks.js';
import type { Profile } from './similarity.js';

/** Measures of the blocks of one alignment, each computed once, when it is first needed. */
export class Measures {
  readonly #gram: number;
  readonly #profiles = new Map<Draft, Profile>();
  readonly #words = new Map<Draft, string[]>();
  #rarity: Rarity | undefined;

  constructor(
    private readonly older: readonly Draft[],
    newer: readonly Draft[],
    language?: string,
  ) {
    const sample = [newer[0], newer[newer.length >> 1], newer.at(-1)].map((block) => block?.text ?? '').join('');
    this.#gram = gramLength(language, sample);
  }

  /** Similarity by n-grams, 0…1. */
  dice(a: Draft, b: Draft): number {
    return dice(this.profile(a), this.profile(b));
  }

  /** What `dice` can be at most, by the lengths alone. It costs nothing, where measuring a page against a line costs the page. */
  mostAlike(a: Draft, b: Draft): number {
    const [one, other] = [this.profile(a).length, this.profile(b).length];
    return (2 * Math.min(one, other)) / (one + other);
  }

  profile(block: Draft): Profile {
    const known = this.#profiles.get(block) ?? profile(block.text, this.#gram);
    this.#profiles.set(block, known);
    return known;
  }

  words(block: Draft): string[] {
    const known = this.#words.get(block) ?? words(block.text);
    this.#words.set(block, known);
    return known;
  }

  /** How much evidence a text holds, counted in words of the greatest rarity. */
  worth(block: Draft): number {
    return this.words(block).reduce((sum, word) => sum + this.rarity.of(word), 0);
  }

  /** Learned from at most a hundred blocks spread over the chapter: more are not needed to tell "the" from a name. */
  get rarity(): Rarity {
    if (!this.#rarity) {
      const step = Math.max(1, Math.ceil(this.older.length / 100));
      this.#rarity = new Rarity(this.older.filter((_, i) => i % step === 0).map((block) => this.words(block)));
    }
    return this.#rarity;
  }
}
