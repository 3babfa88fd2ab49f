/** The rules of eslint.config.mjs that are made for this codebase, each tried on a file of the broken tree. */
import { execFile } from 'node:child_process';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const BROKEN = join(import.meta.dirname, 'broken');

type Report = { filePath: string; messages: { ruleId: string | null; message: string }[] }[];

/** The rules that each file breaks. ESLint runs as its own process: its settings are an ES module. */
function lint(...files: string[]): Promise<Map<string, string[]>> {
  return new Promise((done, fail) => {
    const args = [join(ROOT, 'node_modules/eslint/bin/eslint.js'), '-c', join(ROOT, 'eslint.config.mjs'), '-f', 'json', ...files];
    execFile(process.execPath, args, { cwd: BROKEN }, (_, stdout, stderr) => {
      if (!stdout.startsWith('[')) return fail(new Error(`ESLint did not run: ${stderr || stdout}`));
      const report = JSON.parse(stdout) as Report;
      done(
        new Map(
          report.map(({ filePath, messages }) => [
            relative(BROKEN, filePath),
            messages.map(({ ruleId, message }) => ruleId ?? message),
          ]),
        ),
      );
    });
  });
}

describe('the linter', () => {
  let found: Map<string, string[]>;
  beforeAll(async () => {
    found = await lint('libs/database/careless.ts', 'libs/config/reads.ts', 'src/auth/application');
  });

  it.each([
    ['printing', 'no-console'],
    ['reading the environment', 'no-restricted-syntax'],
    ['a promise left alone', '@typescript-eslint/no-floating-promises'],
    ['any', '@typescript-eslint/no-explicit-any'],
    ['an error hidden from the compiler', '@typescript-eslint/ban-ts-comment'],
    ['what a comment tried to switch off', 'no-var'],
  ])('objects to %s', (_, rule) => {
    expect(found.get('libs/database/careless.ts')).toContain(rule);
  });

  it('sees both ways of reading the environment', () => {
    expect(found.get('libs/database/careless.ts')?.filter((rule) => rule === 'no-restricted-syntax')).toHaveLength(2);
  });

  it('objects to a use case that answers requests', () => {
    expect(found.get('src/auth/application/answers-requests.ts')).toEqual(['no-restricted-imports']);
  });

  it('objects to a constructor with more than five parameters', () => {
    expect(found.get('src/auth/application/takes-too-much.ts')).toEqual(['no-restricted-syntax']);
  });

  it('lets libs/config read the environment', () => {
    expect(found.get('libs/config/reads.ts')).toEqual([]);
  });

  it('leaves the import of an injected class as it is: as a type, Nest would not find it', () => {
    expect(found.get('src/auth/application/is-injected.ts')).toEqual([]);
  });
});
