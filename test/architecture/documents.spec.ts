/** The documents say what the code says: generated parts are fresh, and the example in CONTRIBUTING.md compiles. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md'];

/** `npm run docs:check` on the documents of `folder`. */
const check = (folder: string): Promise<{ code: number; output: string }> =>
  new Promise((done) => {
    const args = [join(ROOT, 'scripts/docs.mjs'), '--check', folder];
    execFile(process.execPath, args, (error, stdout, stderr) =>
      done({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });

describe('npm run docs:check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inkreel-documents-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('fails on a module that imports another than is drawn, on a reaction that is missing, and on code that has changed', async () => {
    for (const document of DOCUMENTS) {
      cpSync(join(ROOT, document), join(folder, document), { recursive: true });
      const file = join(folder, document);
      const text = readFileSync(file, 'utf8');
      const changed = text
        .replace('  comments --> auth', '  auth --> comments')
        .replace(/ {2}ChapterPublished --> .*\n/, '')
        .replace(/^\/\/ src\/comments\/domain\/comment\.ts\n/m, '$&// gone\n');
      writeFileSync(file, changed);
    }
    const { code, output } = await check(folder);
    expect(code).toBe(1);
    expect(output).toContain('CONTRIBUTING.md is stale: run npm run docs.');
    expect(output).toContain('docs/architecture.md is stale: run npm run docs.');
    expect(output).not.toContain('README.md is stale');
  });
});

describe('the example module of CONTRIBUTING.md', () => {
  const example = exampleFiles(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8'));

  it('has every layer', () => {
    const folders = new Set([...example.keys()].map((name) => dirname(name)));
    for (const folder of ['domain', 'application', 'infrastructure', 'infrastructure/migrations'])
      expect(folders).toContain(`src/bookmarks/${folder}`);
  });

  it('compiles within this tree', () => {
    expect(compile(example)).toEqual([]);
  });

  it('would not, if the code that it uses had changed', () => {
    const file = 'src/bookmarks/application/bookmarking.ts';
    const broken = new Map(example).set(file, example.get(file)!.replace('chapters.authorize', 'chapters.permit'));
    expect(compile(broken)).toEqual([`${file}: Property 'permit' does not exist on type 'Chapters'.`]);
  });
});

describe('README.zh.md', () => {
  const [english, chinese] = ['README.md', 'README.zh.md'].map((name) => readFileSync(join(ROOT, name), 'utf8'));

  it('is in step with README.md: headings, tables, commands, links and variables', () => {
    expect(outline(chinese)).toEqual(outline(english));
  });

  it('is not, when a command, a variable, a row or a heading is missing', () => {
    for (const part of ['npm start\n', '| `PORT`', '3000', 'if-match', '## ', '](docs/films.md)'])
      expect(outline(chinese.replace(part, ''))).not.toEqual(outline(english));
  });
});

describe('the decisions', () => {
  const FOLDER = 'docs/decisions';
  const decisions = readdirSync(join(ROOT, FOLDER)).filter((name) => /^\d{4}-/.test(name));
  const numbers = new Set(decisions.map((name) => name.slice(0, 4)));

  it('are numbered without a gap, by their file and their title', () => {
    expect(gaps(decisions)).toEqual([]);
    expect(gaps(['0001-a.md', '0003-b.md', '0003-c.md'])).toEqual(['0003-b.md is number 2']);
    for (const name of decisions) expect(read(name)).toMatch(new RegExp(`^# ${name.slice(0, 4)} \\S`));
  });

  it('are all in the index, by their titles', () => {
    for (const name of decisions) {
      const [, title] = /^# \d{4} (.+)$/m.exec(read(name))!;
      expect(read('README.md').replace(/ +/g, ' ')).toContain(`| [${name.slice(0, 4)}](${name}) | ${title} |`);
    }
  });

  it('are named by code and documents only with numbers that exist', () => {
    const sources = ['src', 'libs', 'test', 'scripts', 'tools', 'docs', '.github']
      .flatMap((folder) =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
      )
      .concat(readdirSync(ROOT))
      .filter((name) => /\.(md|ts|mjs|cjs|ya?ml|sql)$/.test(name) && name !== 'test/architecture/documents.spec.ts');
    expect(sources.length).toBeGreaterThan(400);
    expect(sources.flatMap((name) => lostDecisions(name, readFileSync(join(ROOT, name), 'utf8'), numbers))).toEqual([]);
    expect(lostDecisions('libs/x.ts', '// why: docs/decisions/0001 and docs/decisions/0999-gone.md', numbers)).toEqual([
      'libs/x.ts: 0999',
    ]);
    expect(lostDecisions('docs/x.md', 'As said ([0998](0998-lost.md), 0999).', numbers)).toEqual([
      'docs/x.md: 0998',
      'docs/x.md: 0999',
    ]);
  });

  const read = (name: string): string => readFileSync(join(ROOT, FOLDER, name), 'utf8');
});

const gaps = (names: string[]): string[] =>
  names.flatMap((name, at) => (Number(name.slice(0, 4)) === at + 1 ? [] : [`${name} is number ${at + 1}`]));

/** Numbers of decisions that a file names: `decisions/0001…` anywhere, any four digits from 0 on in a document. */
const lostDecisions = (name: string, text: string, numbers: ReadonlySet<string>): string[] =>
  [
    ...new Set(
      [...text.matchAll(name.endsWith('.md') ? /(?<![\w.,+-])(0\d{3})(?![\w.]\d)\b/g : /decisions\/(\d{4})/g)].map(
        ([, number]) => number,
      ),
    ),
  ]
    .filter((number) => !numbers.has(number))
    .map((number) => `${name}: ${number}`);

it('links only to files that exist', () => {
  const documents = ['.', 'docs', 'docs/decisions', 'tools/launcher'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.md') ? [join(folder, name)] : [])),
  );
  expect(documents.length).toBeGreaterThan(20);
  expect(documents.flatMap((name) => deadLinks(name, readFileSync(join(ROOT, name), 'utf8')))).toEqual([]);
  expect(deadLinks('docs/x.md', 'See [a](limits.md), [b](../gone.md) and [c](https://example.org).')).toEqual([
    'docs/x.md: ../gone.md',
  ]);
});

const deadLinks = (name: string, markdown: string): string[] =>
  [...markdown.matchAll(/\]\(([^)#]+)[^)]*\)|<img src="([^"]+)"/g)]
    .map(([, link, image]) => link ?? image)
    .filter((link) => !/^https?:/.test(link) && !existsSync(join(ROOT, dirname(name), link)))
    .map((link) => `${name}: ${link}`);

/** What a translation must keep, in the order of the text. */
function outline(markdown: string): string[] {
  const commands = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code]) =>
    code.replace(/(^|\s+)# .*$/gm, '').trim(),
  );
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '');
  const lines = prose.split('\n').flatMap((line) => {
    const [start] = /^(#+ |\| |- )/.exec(line) ?? [];
    const kept = [...line.matchAll(/`[^`]+`|\]\((?!README)[^)]+\)|<img src="[^"]+"/g)].map(([text]) => text);
    // defaults of variables
    if (/^\| `[A-Z_0-9]+`/.test(line)) kept.push(...(line.match(/\d+/g) ?? []).sort());
    return start || kept.length ? [`${start ?? ''}${kept.join(' ')}`] : [];
  });
  return [...lines, ...commands];
}

/** Code blocks that begin with a comment naming a file of the example. */
function exampleFiles(markdown: string): Map<string, string> {
  return new Map(
    [...markdown.matchAll(/^```ts\n\/\/ (src\/bookmarks\/\S+)\n([\s\S]*?)^```$/gm)].map(([, name, code]) => [name, code]),
  );
}

/** Type-checks `files` as if they were in this tree. @returns one line for each error */
function compile(files: ReadonlyMap<string, string>): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )!;
  const paths = new Map([...files].map(([name, code]) => [join(ROOT, name), code]));
  const host = ts.createCompilerHost(config.options);
  const { fileExists, readFile, directoryExists } = host;
  host.fileExists = (path) => paths.has(path) || fileExists(path);
  host.readFile = (path) => paths.get(path) ?? readFile(path);
  host.directoryExists = (path) => [...paths.keys()].some((file) => file.startsWith(`${path}/`)) || directoryExists!(path);
  host.getSourceFile = (path, options) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, options);
  };
  const program = ts.createProgram([...paths.keys()], { ...config.options, noEmit: true }, host);
  return [...paths.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${path.slice(ROOT.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}
