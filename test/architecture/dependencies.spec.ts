/**
 * Who may import whom: the rules of .dependency-cruiser.cjs over this tree, and over a small broken one.
 * dependency-cruiser runs as its own process, since it resolves modules in ways that Jest's do not.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

interface Cruise {
  files: string[];
  violations: { rule: string; from: string; to: string; say: string }[];
}

interface Report {
  modules: { source: string }[];
  summary: { violations: { rule: { name: string }; from: string; to: string; comment?: string }[] };
}

const ROOT = resolve(import.meta.dirname, '../..');
const BROKEN = join(import.meta.dirname, 'broken');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');
const RULES = (createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string; comment?: string }[] }).forbidden;

/** The file of the broken tree that breaks each rule. */
const BROKEN_BY: Record<string, string> = {
  'no-cycles': 'src/chapters/domain/circle-a.ts',
  'domain-is-pure': 'src/chapters/domain/knows-nest.ts',
  'application-knows-no-technology': 'src/chapters/application/knows-the-database.ts',
  'public-api-only': 'src/comments/application/climbs-through-the-window.ts',
  'public-api-only-from-the-entry-points': 'src/web.ts',
  'no-own-public-api': 'src/chapters/application/uses-own-front-door.ts',
  'auth-uses-only-itself': 'src/auth/application/uses-chapters.ts',
  'chapters-uses-only-auth': 'src/chapters/application/uses-comments.ts',
  'comments-uses-only-auth-and-chapters': 'src/comments/application/uses-rendering.ts',
  'rendering-uses-only-auth-and-chapters-and-comments': 'src/rendering/application/uses-a-stranger.ts',
  'a-new-module-joins-the-table': 'src/payments/index.ts',
  'modules-know-no-entry-point': 'src/rendering/infrastructure/knows-the-web.ts',
  'libs-know-no-module': 'libs/http/knows-a-module.ts',
  'kernel-is-pure': 'libs/kernel/knows-a-lib.ts',
  'no-index-in-libs': 'libs/http/enters-by-an-index.ts',
  'product-knows-no-test': 'src/rendering/infrastructure/knows-a-test.ts',
  'no-development-package-in-the-product': 'src/rendering/infrastructure/uses-a-development-package.ts',
  'every-package-in-package-json': 'src/rendering/infrastructure/uses-an-unlisted-package.ts',
  'every-import-is-found': 'src/rendering/infrastructure/loses-its-way.ts',
  'no-orphans': 'src/chapters/domain/alone.ts',
};

describe('who may import whom', () => {
  let real: Cruise;
  let broken: Cruise;

  beforeAll(async () => {
    [real, broken] = await Promise.all([cruise(ROOT), cruise(BROKEN)]);
  });

  it('looks at the files of every module and of the libs', () => {
    const folders = new Set(real.files.map((file) => file.split('/').slice(0, 2).join('/')));
    expect([...folders]).toEqual(
      expect.arrayContaining(['src/auth', 'src/chapters', 'src/comments', 'src/rendering', 'libs/kernel']),
    );
  });

  it('follows #libs/… to the sources, not to a build or to nowhere', () => {
    expect(broken.violations).toContainEqual(
      expect.objectContaining({ rule: 'kernel-is-pure', from: 'libs/kernel/knows-a-lib.ts', to: 'libs/database/pool.ts' }),
    );
  });

  it('finds nothing to object to', () => {
    expect(real.violations.map(({ rule, from, to, say }) => `${rule}: ${from} → ${to}. ${say}`)).toEqual([]);
  });

  it('would object to an in-memory adapter in what ships', () => {
    const from = 'src/chapters/infrastructure/knows-an-in-memory-adapter.ts';
    expect(broken.violations).toContainEqual(expect.objectContaining({ rule: 'product-knows-no-test', from }));
  });

  it.each(RULES.map((rule) => rule.name))('would object to %s', (rule) => {
    expect(broken.violations).toContainEqual(expect.objectContaining({ rule, from: BROKEN_BY[rule] }));
  });
});

async function cruise(folder: string): Promise<Cruise> {
  const tool = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const run = promisify(execFile)(process.execPath, [tool, 'src', 'libs', '--config', CONFIG, '--output-type', 'json'], {
    cwd: folder,
    maxBuffer: 1 << 28,
  });
  // It leaves with the number of violations as its exit code; what went wrong otherwise is no JSON.
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser did not run: ${stderr || stdout}`);
  const { modules, summary } = JSON.parse(stdout) as Report;
  return {
    files: modules.map((module) => module.source),
    violations: summary.violations.map(({ rule, from, to }) => ({
      rule: rule.name,
      from,
      to,
      say: RULES.find(({ name }) => name === rule.name)?.comment ?? '',
    })),
  };
}
