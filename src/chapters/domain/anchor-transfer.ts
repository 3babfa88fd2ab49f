import { type Anchor, transferAnchor, type RevisionDiff } from './anchoring.js';
import type { Lineage } from './alignment.js';
import type { Block } from './blocks.js';
import { lineageBetween, type Listed } from './lineage.js';

/** Two revisions and the saves between them, as JSON: it is parsed where it is used, away from the event loop. */
export interface StoredStep {
  /** `[id, digest][]` of either revision, in order. */
  readonly from: string;
  readonly to: string;
  /** `Lineage[]` of every save after `from` up to `to`, in order. Going back to an older revision there are none. */
  readonly lineages: readonly string[];
  /** `Block[]` of the later revision. */
  readonly blocks: string;
}

/** Where anchors stand after the text changed, in their order. */
export function transferAnchors(anchors: readonly Anchor[], stored: StoredStep): Anchor[] {
  const listed = (pairs: string): Listed[] => (JSON.parse(pairs) as [string, string][]).map(([id, digest]) => ({ id, digest }));
  const steps = stored.lineages.map((lineage) => JSON.parse(lineage) as Lineage[]);
  const texts = new Map((JSON.parse(stored.blocks) as Block[]).map(({ id, text }) => [id, text]));
  const lineage = lineageBetween(listed(stored.from), listed(stored.to), steps);
  const linesOf = byBlock(lineage);
  const textOf: RevisionDiff['textOf'] = (block) => texts.get(block);
  // each anchor is shown the lines of its block only: a thousand anchors do not read five thousand lines each
  return anchors.map((anchor) => transferAnchor(anchor, { lineage: linesOf.get(anchor.block) ?? [], textOf }));
}

/** Lines of the lineage by every block that they name, in their order. */
function byBlock(lineage: readonly Lineage[]): Map<string, Lineage[]> {
  const lines = new Map<string, Lineage[]>();
  for (const line of lineage)
    for (const id of new Set([line.block, ...line.from])) {
      const known = lines.get(id);
      if (known) known.push(line);
      else lines.set(id, [line]);
    }
  return lines;
}
