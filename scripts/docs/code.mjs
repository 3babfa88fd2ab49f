/** One declaration of a source file as a code block: `src/comments/domain/comment.ts#withdraw`, with its comment and decorators. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { find } from './syntax.mjs';

export function codeOf(root, place = '') {
  const [name, declaration] = place.split('#');
  const text = readFileSync(path.join(root, name), 'utf8');
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const isDeclaration = (node) => ts.isClassElement(node) || ts.isDeclarationStatement(node) || ts.isVariableDeclaration(node);
  let [found] = find(source, (node) => node.name?.text === declaration && isDeclaration(node));
  if (!found) throw new Error(`${name} declares no ${declaration}: correct the document that quotes it.`);
  if (ts.isVariableDeclaration(found)) found = found.parent.parent; // with `const` and its comment
  const start = found.getStart(source, true);
  const indent = text.slice(text.lastIndexOf('\n', start) + 1, start);
  const code = text.slice(start, found.end).replaceAll(`\n${indent}`, '\n');
  return ['```ts', `// ${name}`, code, '```'].join('\n');
}
