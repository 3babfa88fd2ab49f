/** Reading TypeScript sources as syntax trees. */
import ts from 'typescript';

/** All nodes below `node`, itself included, that `is` accepts, in the order of the text. */
export function find(node, is) {
  const below = [];
  ts.forEachChild(node, (child) => void below.push(...find(child, is)));
  return is(node) ? [node, ...below] : below;
}
