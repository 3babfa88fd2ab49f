/** The quick start of the README, replayed as it is printed: the calls are cut out of the file and run by bash. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RenditionResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { must } from '../support/people.js';
import { type Stack, startStack } from '../support/stack.js';

const ROOT = resolve(import.meta.dirname, '../..');

let stack: Stack;
beforeAll(async () => (stack = await startStack()));

/** The first block with curl in it: the next one waits for the film, which takes minutes. */
function fiveCalls(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [block] = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .map(([, code]) => code)
    .filter((code) => code.includes('curl'));
  expect(block).toContain('http://127.0.0.1:3000/v1');
  return block.replace('http://127.0.0.1:3000', stack.webs[0].url);
}

const bash = (script: string): Promise<string> =>
  new Promise((done, fail) => {
    execFile('bash', ['-e', '-u', '-o', 'pipefail', '-c', script], { cwd: ROOT }, (error, stdout, stderr) =>
      error || stderr ? fail(new Error(`${stderr}\n${stdout}`)) : done(stdout),
    );
  });

it('signs up, creates a work, imports, publishes, comments and asks for a film, by the calls that the README prints', async () => {
  const script = fiveCalls();
  expect(script.match(/^# \d\. /gm)).toHaveLength(5);
  const output = await bash(`${script}\necho "IDS $CHAPTER $FILM"`);
  expect(output).not.toContain('urn:inkreel:problem');
  const [, chapterId, filmId] = /^.*IDS (\S+) (\S+)$/m.exec(output)!;
  expect(must(200, await stack.api.get(`/v1/chapters/${chapterId}`)).title).toBe('The Ferry That Did Not Wait');
  expect(must(200, await stack.api.get(`/v1/chapters/${chapterId}/comments`)).items).toHaveLength(1);
  const [film] = await stack.sql<Pick<RenditionResponse, 'id'>>(
    'SELECT id FROM rendering.rendition WHERE id = $1 AND chapter_id = $2',
    [filmId, chapterId],
  );
  expect(film).toBeDefined();
});
