/** `npm run deadcode` would object: knip, with our settings, over the broken tree. Over this tree CI runs it as a step. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

type Kind = 'files' | 'exports' | 'dependencies';
type Report = { issues: ({ file: string } & Record<Kind, { name: string }[]>)[] };

function knip(folder: string): Promise<Report> {
  return new Promise((done, fail) => {
    const args = [join(ROOT, 'node_modules/knip/bin/knip.js'), '-c', join(ROOT, 'knip.json'), '--reporter', 'json'];
    execFile(process.execPath, args, { cwd: folder }, (_, stdout, stderr) => {
      if (!stdout.startsWith('{')) return fail(new Error(`knip did not run: ${stderr || stdout}`));
      done(JSON.parse(stdout) as Report);
    });
  });
}

describe('the search for dead code', () => {
  let found: (kind: Kind) => string[];
  beforeAll(async () => {
    const { issues } = await knip(join(import.meta.dirname, 'broken'));
    found = (kind) => issues.flatMap((issue) => issue[kind].map(({ name }) => `${issue.file}: ${name}`));
  });

  it('finds a file that nothing imports', () => {
    expect(found('files')).toContain('src/chapters/domain/alone.ts: src/chapters/domain/alone.ts');
  });

  it('finds an export that nobody asks for', () => {
    expect(found('exports')).toContain('src/chapters/application/chapters.ts: nobodyAsksForThis');
  });

  it('finds a package that nothing uses', () => {
    expect(found('dependencies')).toContain('package.json: @nestjs/common');
  });

  it('leaves alone what an entry point uses', () => {
    expect(found('exports')).not.toContain('src/chapters/application/chapters.ts: Chapters');
  });
});
