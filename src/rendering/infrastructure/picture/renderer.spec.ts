/** Whom a renderer process takes with it when it dies; with a child that does as it is told instead of drawing. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Renderer } from './renderer.js';
import type { SegmentJob } from './segment-job.js';

const folder = mkdtempSync(join(tmpdir(), 'inkreel-renderer-'));
const child = join(folder, 'child.mjs');
const seen = join(folder, 'seen');
writeFileSync(
  child,
  `import { createInterface } from 'node:readline';
   import { existsSync, writeFileSync } from 'node:fs';
   const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
   createInterface({ input: process.stdin }).on('line', (line) => {
     const { id, job } = JSON.parse(line);
     if (!job) return;
     if (job.out === 'bad') process.exit(9);
     say({ type: 'poured', id });
     if (job.out === 'endless') return;
     if (job.out !== 'good' || existsSync(${JSON.stringify(seen)})) say({ type: 'done', id, result: { frames: 1 } });
     else writeFileSync(${JSON.stringify(seen)}, '');
   });`,
);
afterAll(() => rmSync(folder, { recursive: true }));
const job = (out: string): SegmentJob => ({ out, frames: 1 }) as SegmentJob;

describe('a renderer process that dies', () => {
  it('fails the scene that it drew; one whose encoder was finishing is made again by the next, and nobody hears of it', async () => {
    const renderer = new Renderer({ ffmpeg: 'none', processes: 1, child });
    let poured = 0;
    const good = renderer.render(job('good'), { onPoured: () => poured++ });
    const bad = renderer.render(job('bad'));
    await expect(bad).rejects.toMatchObject({ kind: 'died' });
    await expect(good).resolves.toEqual({ frames: 1 });
    expect([poured, existsSync(seen)]).toEqual([2, true]);
    await renderer.kill();
  });

  it('leaves one alone that was cancelled meanwhile', async () => {
    const renderer = new Renderer({ ffmpeg: 'none', processes: 1, child });
    const cancelling = new AbortController();
    let poured = 0;
    const unwanted = renderer.render(job('endless'), { onPoured: () => (poured++, cancelling.abort()) }, cancelling.signal);
    const bad = renderer.render(job('bad'));
    await expect(bad).rejects.toMatchObject({ kind: 'died' });
    await expect(unwanted).rejects.toMatchObject({ kind: 'cancelled' });
    expect(poured).toBe(1);
    await renderer.kill();
  });

  it('by our own hand fails all of its scenes', async () => {
    let heard = (): void => undefined;
    const poured = new Promise<void>((resolve) => (heard = resolve));
    const renderer = new Renderer({ ffmpeg: 'none', processes: 1, child });
    const all = Array.from({ length: 2 }, async () => {
      await expect(renderer.render(job('endless'), { onPoured: heard })).rejects.toMatchObject({ kind: 'died' });
    });
    await poured;
    await renderer.kill();
    await Promise.all(all);
  });
});
