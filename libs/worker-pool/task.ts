/**
 * A piece of CPU work that can run in a thread: a pure function of plain data (what `structuredClone` takes), named by the file that
 * exports it, because a thread loads that file for itself.
 *
 * @example
 * // text.tasks.ts
 * export const countWords = (text: string): number => text.split(' ').length;
 * export const wordCount = defineTask({ file: import.meta.url, name: 'countWords', run: countWords, size: (text) => text.length });
 *
 * // elsewhere
 * const words = await this.pool.run(wordCount, text, { signal });
 */
export interface Task<In, Out> {
  /** URL of the module that exports the function: `import.meta.url`. */
  readonly file: string;
  /** The name it is exported under. */
  readonly name: string;
  readonly run: (input: In) => Out;
  /** Characters of text in the input: what little work is, and how much waits, is told by it. */
  readonly size: (input: In) => number;
  /** Up to this size it runs at once and on the event loop, where it takes less than 5 ms. By default `SMALL`. */
  readonly small?: number;
  /** Refusals that the function throws; they arrive as what they were. Other errors arrive as errors without a class. */
  readonly refusals?: readonly Refusal[];
}

/** A class of DomainError. */
export type Refusal = abstract new (...args: never[]) => Error & { readonly code: string };

/** Characters. Parsing, aligning and planning so many takes 1 to 3 ms at worst; sending them to a thread and back takes about as long. */
export const SMALL = 2_000;

export function defineTask<In, Out>(task: Task<In, Out>): Task<In, Out> {
  return task;
}
