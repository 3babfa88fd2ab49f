import { longestIncreasingSubsequence } from './patience-diff.js';
import type { BlockChange, Lineage } from './alignment.js';
import type { Pair } from './patience-diff.js';

/** A block of a stored revision, without its text. */
export interface Listed {
  readonly id: string;
  readonly digest: string;
}

/**
 * The lineage between two revisions that are not neighbours, made from the lineages of the saves between them. Readers go from
 * one published revision to the next, while authors save many drafts between: a change that was undone there did not happen for a
 * reader.
 *
 * @param steps one lineage for each save after `older` up to and including `newer`, in order
 */
export function lineageBetween(
  older: readonly Listed[],
  newer: readonly Listed[],
  steps: readonly (readonly Lineage[])[],
): Lineage[] {
  let sources = new Map<string, ReadonlyMap<string, number>>(older.map(({ id }) => [id, new Map([[id, 1]])]));
  for (const lineage of steps) sources = through(sources, lineage);
  const digests = new Map(older.map(({ id, digest }) => [id, digest]));
  const places = new Map(older.map(({ id }, i) => [id, i]));

  const from = newer.map(({ id, digest }) => {
    if (digests.get(id) === digest) return new Map([[id, 1]]); // unchanged for a reader, whatever happened between
    const found = new Map(sources.get(id));
    if (digests.has(id)) {
      const own = found.get(id) ?? 0;
      found.delete(id);
      return new Map([[id, own], ...found]);
    }
    return found;
  });
  const inOrder: Pair[] = [];
  newer.forEach(({ id }, j) => {
    const i = places.get(id);
    if (i !== undefined) inOrder.push([i, j]);
  });
  const resting = new Set(longestIncreasingSubsequence(inOrder.sort((a, b) => a[0] - b[0])).map(([, j]) => j));
  const shares = new Map<string, number>();
  for (const list of from) for (const id of list.keys()) shares.set(id, (shares.get(id) ?? 0) + 1);

  const restored = new Set<string>();
  for (const lineage of steps) for (const line of lineage) if (line.change === 'restored') restored.add(line.block);

  const lines = newer.map(({ id, digest }, j): Lineage => {
    const origins = [...from[j].keys()];
    return { change: change(j, id, digest, origins), block: id, from: origins, similarity: from[j].get(origins[0]) ?? 0 };
  });
  for (const { id } of older) if (!shares.has(id)) lines.push({ change: 'gone', block: id, from: [id], similarity: 0 });
  return lines;

  function change(j: number, id: string, digest: string, origins: readonly string[]): BlockChange {
    if (origins.length === 0) return restored.has(id) ? 'restored' : 'new';
    if (origins.length > 1) return 'merged';
    const whole = digests.get(id) === digest;
    if (!whole && (shares.get(origins[0]) ?? 0) > 1) return 'split';
    if (!digests.has(id)) return 'split';
    if (!resting.has(j)) return 'moved';
    return whole ? 'kept' : 'edited';
  }
}

/** Follows the sources of every block over one more save. */
function through(
  sources: ReadonlyMap<string, ReadonlyMap<string, number>>,
  lineage: readonly Lineage[],
): Map<string, ReadonlyMap<string, number>> {
  const next = new Map<string, Map<string, number>>();
  for (const { change, block, from, similarity } of lineage) {
    if (change === 'gone') continue;
    const known = next.get(block) ?? new Map<string, number>();
    next.set(block, known);
    for (const id of from)
      for (const [origin, share] of sources.get(id) ?? [])
        known.set(origin, Math.max(share * similarity, known.get(origin) ?? 0));
  }
  return next;
}
