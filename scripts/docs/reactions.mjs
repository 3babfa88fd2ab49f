/** REACTIONS of src/reactions.ts as Mermaid: the module that records an event, the event, and the modules that react to it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { find } from './syntax.mjs';

export function reactionGraph(root) {
  const file = path.join(root, 'src/reactions.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const owners = new Map();
  for (const { importClause, moduleSpecifier } of find(source, ts.isImportDeclaration)) {
    const module = /^\.\/(\w+)\/index\.js$/.exec(moduleSpecifier.text)?.[1];
    for (const { name } of module ? importClause.namedBindings.elements : []) owners.set(name.text, module);
  }
  const table = find(source, ts.isVariableDeclaration).find(({ name }) => name.text === 'REACTIONS')?.initializer;
  if (!table) throw new Error('REACTIONS was not found in src/reactions.ts: correct scripts/docs/reactions.mjs.');
  const lines = find(table, ts.isPropertyAssignment).flatMap(({ name, initializer }) => {
    const owner = owners.get(name.text);
    if (!owner) throw new Error(`${name.text} of REACTIONS is not imported from the module that records it.`);
    const reacting = find(initializer, ts.isStringLiteral).map(({ text }) => `  ${name.text} --> ${text}_`);
    return [`  ${owner} -- records --> ${name.text}([${name.text}])`, ...reacting];
  });
  const modules = [...new Set(lines.flatMap((line) => /--> (\w+)_$/.exec(line)?.[1] ?? []))].sort();
  return ['```mermaid', 'flowchart LR', ...lines, ...modules.map((module) => `  ${module}_[${module}]`), '```'].join('\n');
}
