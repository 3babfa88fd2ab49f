import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AskedChild, ChildLost } from './asked-child.js';

const folder = mkdtempSync(join(tmpdir(), 'inkreel-asked-'));
const script = join(folder, 'echo.mjs');
writeFileSync(
  script,
  `import { createInterface } from 'node:readline';
   createInterface({ input: process.stdin }).on('line', (line) => {
     const { id, dies } = JSON.parse(line);
     if (dies) process.exit(3);
     console.log(JSON.stringify({ id, ok: process.pid }));
   });`,
);
afterAll(() => rmSync(folder, { recursive: true }));

const isGone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('A child that is asked', () => {
  it('stays for the next question, leaves when none comes, and is there again for the one after', async () => {
    const child = new AskedChild(pathToFileURL(script), 10_000, 300);
    const first = await child.ask<number>({});
    expect(await child.ask<number>({})).toBe(first);
    await until(() => isGone(first));
    expect(child.pid).toBeUndefined();
    const second = await child.ask<number>({});
    expect(second).not.toBe(first);
    child.kill();
    await until(() => isGone(second));
  });

  it('that was woken is there for the question, and leaves when none comes', async () => {
    const child = new AskedChild(pathToFileURL(script), 10_000, 300);
    child.wake();
    const { pid } = child;
    child.wake();
    expect(await child.ask<number>({})).toBe(pid);
    await until(() => isGone(pid!));
    child.wake(60_000);
    const unasked = child.pid!;
    child.rest();
    await until(() => isGone(unasked));
    child.wake();
    const restless = child.pid!;
    await until(() => {
      child.rest(); // to be told so again and again keeps nobody
      return isGone(restless);
    });
    child.kill();
  });

  it('that dies of a question fails that one, and answers the next', async () => {
    const child = new AskedChild(pathToFileURL(script), 10_000);
    await expect(child.ask({ dies: true })).rejects.toThrow(ChildLost);
    expect(await child.ask<number>({})).toBeGreaterThan(0);
    child.kill();
  });
});
