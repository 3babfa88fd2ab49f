/**
 * `npm run docs` writes the parts of the documents that are made from the code; `npm run docs:check` fails when one is stale.
 *
 * A generated part stands between two comments, and the first one names what makes it:
 *
 *     <!-- made by npm run docs: modules -->
 *     …
 *     <!-- end -->
 *
 *   node scripts/docs.mjs [--check] [folder]     the folder that holds the documents; the clone itself by default
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { codeOf } from './docs/code.mjs';
import { configurationTable } from './docs/configuration.mjs';
import { moduleGraph } from './docs/modules.mjs';
import { reactionGraph } from './docs/reactions.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md'];
const PARTS = { modules: moduleGraph, reactions: reactionGraph, configuration: configurationTable, code: codeOf };
const PART = /(<!-- made by npm run docs: (\w+)(?: (\S+))? -->\n)[\s\S]*?(<!-- end -->)/g;

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
const folder = path.resolve(positionals[0] ?? ROOT);

let stale = 0;
for (const document of DOCUMENTS) {
  const file = path.join(folder, document);
  const before = readFileSync(file, 'utf8');
  const after = await renew(before, file);
  if (after === before) continue;
  stale++;
  if (values.check) console.error(`${document} is stale: run npm run docs. ${firstDifference(before, after)}`);
  else writeFileSync(file, after);
}
console.log(
  values.check ? `${stale} of ${DOCUMENTS.length} documents are stale` : `${stale} of ${DOCUMENTS.length} were renewed`,
);
process.exitCode = values.check && stale ? 1 : 0;

/** The document with its generated parts made anew, formatted as `npm run format` formats it. */
async function renew(text, file) {
  const made = new Map();
  for (const [, , part, argument] of text.matchAll(PART)) {
    if (!PARTS[part]) throw new Error(`${file}: nothing makes "${part}"; known are ${Object.keys(PARTS).join(', ')}.`);
    made.set(`${part} ${argument}`, await PARTS[part](ROOT, argument));
  }
  const renewed = text.replace(PART, (_, head, part, argument, end) => `${head}\n${made.get(`${part} ${argument}`)}\n\n${end}`);
  return prettier.format(renewed, { ...(await prettier.resolveConfig(path.join(ROOT, 'README.md'))), parser: 'markdown' });
}

function firstDifference(before, after) {
  const [old, next] = [before.split('\n'), after.split('\n')];
  const at = next.findIndex((line, index) => line !== old[index]);
  return `Line ${at + 1} would be: ${next[at] ?? '(the end)'}`;
}
