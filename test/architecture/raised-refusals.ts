/** Finds what a spec names: the refusals that it expects, by class or by code. */
import ts from 'typescript';

/** @returns identifiers and string literals of a file; what is only imported does not count. */
export function namesIn(path: string, source: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isIdentifier(node) || ts.isStringLiteral(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return names;
}
