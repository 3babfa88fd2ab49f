/** A client that is generated from the OpenAPI document is of use without a cast: its types are strict, and they are true. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { must } from '../support/people.js';
import { type Stack, startStack } from '../support/stack.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const STORY = path.join(ROOT, 'test/client/story.ts');
// inside the clone, so that the story finds openapi-fetch
const FOLDER = path.join(ROOT, '.cache/openapi-client', String(process.pid));

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ workers: 0 });
  const document = must(200, await stack.api.get<object>('/openapi.json'));
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, 'openapi.json'), JSON.stringify(document));
  writeFileSync(path.join(FOLDER, 'package.json'), '{ "type": "module" }');
  copyFileSync(STORY, path.join(FOLDER, 'story.ts'));
  const generator = path.join(ROOT, 'node_modules/openapi-typescript/bin/cli.js');
  execFileSync(process.execPath, [generator, 'openapi.json', '--output', 'api.d.ts'], { cwd: FOLDER, stdio: 'pipe' });
}, 120_000);
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

function compiled(source: string): string[] {
  const file = path.join(FOLDER, 'story.ts');
  writeFileSync(file, source);
  const program = ts.createProgram([file], {
    strict: true,
    noUncheckedIndexedAccess: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [path.join(ROOT, 'node_modules/@types')],
    skipLibCheck: true,
  });
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, ' '),
  );
}

/** Whatever tells the compiler what it cannot see. */
function castsIn(source: string): string[] {
  const file = ts.createSourceFile('story.ts', source, ts.ScriptTarget.Latest, true);
  const found: string[] = [...(source.match(/@ts-\w+/g) ?? [])];
  const look = (node: ts.Node): void => {
    if (ts.isAssertionExpression(node) || ts.isNonNullExpression(node) || node.kind === ts.SyntaxKind.AnyKeyword)
      found.push(node.getText());
    ts.forEachChild(node, look);
  };
  look(file);
  return found;
}

const story = readFileSync(STORY, 'utf8');

it('the story compiles strictly without a cast', () => {
  expect(castsIn(story)).toEqual([]);
  expect(castsIn('(x as string) + <string>y + z!; // @ts-ignore\nlet a: any;')).toHaveLength(5);
  expect(compiled(story)).toEqual([]);
});

it.each([
  ['a number as text', 'limit: 2,', "limit: '2',"],
  ['a missing If-Match', ', header: { \'If-Match\': `"${draft.version}"` }', ''],
  ['a missing title', "title: 'The Lamplighter of Quay Street', language", 'language'],
  ['an unknown kind of block', "kind: 'paragraph'", "kind: 'rhyme'"],
  ['what may be null taken for there', 'anchor?.status', 'anchor.status'],
])('%s does not compile', (_, right, wrong) => {
  expect(story).toContain(right);
  expect(compiled(story.replace(right, wrong)).length).toBeGreaterThan(0);
});

it('the story runs against a server', () => {
  expect(compiled(story)).toEqual([]);
  const printed = execFileSync(process.execPath, [path.join(FOLDER, 'story.js'), stack.webs[0].url], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual({
    title: 'I. The Third Window',
    blocks: 2,
    said: ['Who lit it? (anchored)', 'And why? (anchored)', 'And when? (anchored)'],
    film: 'planning',
    percent: 0,
    refusal: 'urn:inkreel:problem:chapter-not-found',
  });
});
