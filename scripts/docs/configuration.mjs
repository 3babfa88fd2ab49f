/** The table of environment variables, from VARIABLES of libs/config/config.ts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { find } from './syntax.mjs';

export function configurationTable(root) {
  const rows = variables(root).map(
    ([name, purpose]) => `| \`${name}\` | ${purpose.replaceAll('|', '\\|').replaceAll('<', '\\<')} |`,
  );
  return ['| Variable | Purpose |', '| --- | --- |', ...rows].join('\n');
}

function variables(root) {
  const file = path.join(root, 'libs/config/config.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const table = find(source, ts.isVariableDeclaration).find(({ name }) => name.text === 'VARIABLES')?.initializer;
  const rows = table ? find(table, ts.isPropertyAssignment) : [];
  if (rows.length < 10)
    throw new Error('VARIABLES was not found in libs/config/config.ts: correct scripts/docs/configuration.mjs.');
  return rows.map(({ name, initializer }) => [
    name.text,
    find(initializer, ts.isStringLiteralLike)
      .map(({ text }) => text)
      .join(''),
  ]);
}
