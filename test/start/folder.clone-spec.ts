/** A clone in a folder whose name holds blanks and Chinese characters: built, started and used there. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clear, freePort, Instance, ROOT, until } from './instance.js';

const folder = mkdtempSync(join(tmpdir(), '故事 与 films '));
const clone = join(folder, '我的 inkreel');
const home = join(clone, '.inkreel');

afterAll(async () => {
  await clear(home);
  rmSync(folder, { recursive: true, force: true });
});

it('npm start builds and serves a clone in a folder with blanks and Chinese characters', async () => {
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone]);
  // installing takes a minute and has nothing to do with the folder
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  const port = await freePort();
  const instance = Instance.run(['start'], home, port, {}, clone);
  await until('the clone serves', () => instance.isServing(), 170).catch((error: Error) => {
    throw new Error(`${error.message}\n${instance.output}`);
  });
  // the document is made from what the compiler's plugin wrote into the build
  const document = (await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()) as { components: { schemas: object } };
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['DraftResponse', 'AccountResponse']));
  expect(readFileSync(join(clone, 'dist/src/chapters/infrastructure/chapters.controller.js'), 'utf8')).not.toContain('u6545');
  await instance.stop();
}, 240_000);
