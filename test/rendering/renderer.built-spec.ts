/** The renderer processes as they run in production: built files, real processes, real signals. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { INK } from '../../src/rendering/domain/themes.js';
import { ffmpegPath, pagesOf, plainBackdrop, scratchFolder, SLOW_ZOOM } from '../support/picture.js';

const DIST = realpathSync(process.env.INKREEL_DIST ?? path.join(import.meta.dirname, '../../dist'));
const JOBS = path.join(import.meta.dirname, 'render-jobs.mjs');
const folder = scratchFolder();
const { bytes, width, height } = plainBackdrop();
const backdrop = { path: path.join(folder, 'backdrop.yuv'), width, height };
writeFileSync(backdrop.path, bytes);

interface Line {
  readonly type: 'engine' | 'frames' | 'cancelling' | 'done' | 'failed' | 'end';
  readonly job: number;
  readonly frames: number;
  readonly at: number;
  readonly fingerprint: string;
  readonly kind: string;
  readonly mayRetry: boolean;
  readonly message: string;
  readonly result: { frames: number; encodedFrames: number; bytes: number; sha256: string; width: number };
}

const job = (name: string, frames: number, more: object = {}): object => ({
  frames,
  backdrop,
  motion: SLOW_ZOOM,
  pages: pagesOf(['Down', 'the', 'rabbit', 'hole.'], 0.5),
  theme: INK,
  language: 'en',
  out: path.join(folder, name),
  ...more,
});

interface Running {
  readonly worker: ChildProcess;
  readonly lines: Line[];
  readonly ended: Promise<Line[]>;
  /** The first line of this kind, now or when it comes. */
  readonly heard: (type: Line['type'], also?: (line: Line) => boolean) => Promise<Line>;
}

async function start(jobs: readonly object[], more: object = {}): Promise<Running> {
  const options = { ffmpeg: await ffmpegPath(), jobs, ...more };
  const worker = spawn(process.execPath, [JOBS, DIST, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Line[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: worker.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line));
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Line[]>((resolve) => worker.on('close', () => resolve(lines)));
  const heard: Running['heard'] = (type, also = () => true) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((line) => line.type === type && also(line));
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without "${type}": ${JSON.stringify(lines.slice(-3))}`)));
    });
  return { worker, lines, ended, heard };
}

/** Processes whose command line names this folder or renderer, by what they are. */
function processes(of: string): number[] {
  const list = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return list.filter((line) => line.includes(of) && !line.includes(' -eo ')).map((line) => Number.parseInt(line, 10));
}

/** The encoders our pid files name that are still there. */
function encoders(pidFolder: string): number[] {
  const noted = existsSync(pidFolder) ? readdirSync(pidFolder).map((name) => Number.parseInt(name, 10)) : [];
  return noted.filter((pid) => isThere(pid));
}

function isThere(pid: number): boolean {
  // Nothing is said of one that is gone. One that ended but was not yet waited for is gone, for us.
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^\s*[^Z\s]/.test(stdout);
}

async function within(seconds: number, what: () => boolean): Promise<boolean> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await pause(50)) if (what()) return true;
  return what();
}

const pidFolder = (name: string): string => path.join(folder, `pids-${name}`);

describe('renderer processes', () => {
  it('give the same bytes in two workers, one process or two, and name the same engine', async () => {
    const jobs = (run: string): object[] => [20, 31, 12].map((frames, i) => job(`${run}-${i}.mp4`, frames));
    const [first, second] = await Promise.all([start(jobs('a')), start(jobs('b').reverse(), { processes: 2 })]);
    const shas = (lines: Line[]): string[] =>
      lines
        .filter(({ type }) => type === 'done')
        .sort((a, b) => a.result.frames - b.result.frames)
        .map(({ result }) => result.sha256);
    const [one, two] = [await first.ended, await second.ended];
    expect(shas(one)).toHaveLength(3);
    expect(shas(two)).toEqual(shas(one));
    expect(two[0].fingerprint).toBe(one[0].fingerprint);
  });

  it('tell progress as frames leave the encoder: rising, at most four times a second, up to the planned number', async () => {
    const { ended } = await start([job('progress.mp4', 120)]);
    const lines = await ended;
    const told = lines.filter(({ type }) => type === 'frames');
    expect(told.length).toBeGreaterThan(2);
    told.slice(1).forEach((line, i) => expect(line.frames).toBeGreaterThan(told[i].frames));
    told.slice(1, -1).forEach((line, i) => expect(line.at - told[i].at).toBeGreaterThan(200));
    const done = lines.find(({ type }) => type === 'done');
    expect([told.at(-1)?.frames, done?.result.frames, done?.result.encodedFrames]).toEqual([120, 120, 120]);
  });

  it('draw the next scene while the encoder of the one before finishes', async () => {
    const pids = pidFolder('poured');
    const jobs = [0, 1, 2, 3].map((i) => job(`poured-${i}.mp4`, 40));
    const { worker, ended, lines } = await start(jobs, { pidFolder: pids });
    let [atOnce, renderers] = [0, 0];
    for (let over = false; !over; await pause(5)) {
      over = worker.exitCode !== null;
      if (existsSync(pids)) atOnce = Math.max(atOnce, readdirSync(pids).length);
      if (!renderers && lines.some(({ type }) => type === 'done'))
        renderers = processes(pids).filter((pid) => pid !== worker.pid).length;
    }
    expect([atOnce, renderers]).toEqual([2, 1]);
    expect(new Set((await ended).filter(({ type }) => type === 'done').map(({ result }) => result.sha256)).size).toBe(1);
  });

  it('draw backdrops and posters as well, and refuse a cut picture as the author’s to mend', async () => {
    const cut = path.join(folder, 'cut.jpg');
    writeFileSync(cut, readFileSync(await cover()).subarray(0, 900));
    const { ended } = await start([
      { kind: 'backdrop', gradient: INK.gradient, out: path.join(folder, 'gradient.yuv') },
      { kind: 'backdrop', picture: await cover(), gradient: INK.gradient, out: path.join(folder, 'cover.yuv') },
      { kind: 'backdrop', picture: cut, gradient: INK.gradient, out: path.join(folder, 'cut.yuv') },
      { kind: 'poster', ...job('poster.jpg', 30, { frame: 7 }) },
    ]);
    const lines = await ended;
    const of = (i: number): Line | undefined =>
      lines.find((line) => (line.type === 'done' || line.type === 'failed') && line.job === i);
    expect(of(0)?.result).toMatchObject({ width: 1216, height: 2160, bytes: (1216 * 2160 * 3) / 2 });
    expect(of(1)?.type).toBe('done');
    expect(of(2)).toMatchObject({ type: 'failed', kind: 'picture', mayRetry: false });
    expect(existsSync(path.join(folder, 'cut.yuv'))).toBe(false);
    expect(readFileSync(path.join(folder, 'poster.jpg')).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  });

  it('give a scene’s still in passing: the bytes of the poster drawn alone, and the scene as without it', async () => {
    const [still, alone] = ['still.jpg', 'alone.jpg'].map((name) => path.join(folder, name));
    const { ended } = await start([
      job('with-still.mp4', 30, { still }),
      job('without-still.mp4', 30),
      { kind: 'poster', ...job('alone.jpg', 30, { frame: 15 }) },
    ]);
    const done = (await ended).filter(({ type }) => type === 'done').sort((a, b) => a.job - b.job);
    expect(done).toHaveLength(3);
    expect(done[0].result.sha256).toBe(done[1].result.sha256);
    expect(readFileSync(still).equals(readFileSync(alone))).toBe(true);
  });

  it('leave once they have fitted a picture, and the next scene is drawn without the image library', async () => {
    const pids = pidFolder('fitted');
    const fitting = { kind: 'backdrop', picture: await cover(), gradient: INK.gradient, out: path.join(folder, 'fitted.yuv') };
    const { worker, heard, ended } = await start([fitting, job('fitted.mp4', 3000)], { pidFolder: pids });
    await heard('done', (line) => line.job === 0);
    await heard('frames');
    const renderers = (): number[] => processes(pids).filter((pid) => pid !== worker.pid);
    expect(await within(5, () => renderers().length === 1)).toBe(true);
    if (process.platform === 'linux')
      expect(readFileSync(`/proc/${renderers()[0]}/maps`, 'utf8').includes('libvips')).toBe(false);
    worker.kill('SIGKILL');
    await ended;
  });

  it('stop within two seconds when a render is cancelled, and go on with the next', async () => {
    const pids = pidFolder('cancel');
    const { ended } = await start([job('long.mp4', 3000, { cancelAt: 10 }), job('next.mp4', 5)], { pidFolder: pids });
    const lines = await ended;
    const asked = lines.find(({ type }) => type === 'cancelling');
    const failed = lines.find(({ type }) => type === 'failed');
    expect(failed).toMatchObject({ job: 0, kind: 'cancelled' });
    expect((failed?.at ?? Infinity) - (asked?.at ?? 0)).toBeLessThan(2000);
    expect(lines.find(({ type, job: i }) => type === 'done' && i === 1)?.result.frames).toBe(5);
    expect(existsSync(path.join(folder, 'long.mp4'))).toBe(false);
    expect(encoders(pids)).toEqual([]);
  });

  it('leave no process and no file behind when their worker is killed', async () => {
    const pids = pidFolder('orphans');
    const { worker, heard, ended } = await start([job('o1.mp4', 3000), job('o2.mp4', 3000)], { processes: 2, pidFolder: pids });
    await heard('frames', ({ job: i }) => i === 0);
    await heard('frames', ({ job: i }) => i === 1);
    const noted = encoders(pids);
    expect(noted).toHaveLength(2);
    expect(processes(pids).length).toBeGreaterThanOrEqual(3); // the worker and two renderers
    worker.kill('SIGKILL');
    await ended;
    expect(await within(5, () => !noted.some(isThere) && processes(pids).length === 0)).toBe(true);
    expect(readdirSync(folder).filter((name) => /^o[12]\.mp4/.test(name))).toEqual([]);
  });

  it('take a stopped encoder with them, too', async () => {
    const pids = pidFolder('stopped');
    const { worker, heard, ended } = await start([job('stopped.mp4', 3000)], { pidFolder: pids });
    await heard('frames');
    const noted = encoders(pids);
    process.kill(noted[0], 'SIGSTOP');
    worker.kill('SIGKILL');
    await ended;
    expect(await within(5, () => !noted.some(isThere))).toBe(true);
  });

  it('clear away an encoder whose whole family was killed, when the next worker starts', async () => {
    const pids = pidFolder('family');
    const { worker, heard, ended } = await start([job('family.mp4', 3000)], { pidFolder: pids });
    await heard('frames');
    const [encoder] = encoders(pids);
    process.kill(encoder, 'SIGSTOP');
    const renderers = processes(pids).filter((pid) => pid !== worker.pid);
    // The worker cannot mend it, as it is stopped before its child dies.
    worker.kill('SIGSTOP');
    for (const pid of renderers) process.kill(pid, 'SIGKILL');
    worker.kill('SIGKILL');
    await ended;
    expect(isThere(encoder)).toBe(true);
    // A stranger's process under a noted pid stays.
    mkdirSync(pids, { recursive: true });
    writeFileSync(path.join(pids, `${process.pid}.pid`), 'another time');
    await (
      await start([job('after.mp4', 3)], { pidFolder: pids })
    ).ended;
    expect(await within(3, () => !isThere(encoder))).toBe(true);
    expect(readdirSync(pids)).toEqual([]);
  });

  it('are ended together with an encoder that was stopped, within seconds, and the next scene is made', async () => {
    const pids = pidFolder('frozen');
    const { heard, ended } = await start([job('frozen.mp4', 3000), job('thawed.mp4', 6)], { pidFolder: pids });
    await heard('frames');
    const [encoder] = encoders(pids);
    process.kill(encoder, 'SIGSTOP');
    const within = process.platform === 'linux' ? '[4-9]' : '1\\d'; // elsewhere it cannot be told from one that thinks
    expect(await heard('failed')).toMatchObject({
      job: 0,
      kind: 'died',
      message: expect.stringMatching(`It stood still for ${within} s`),
    });
    expect((await ended).find(({ type, job: i }) => type === 'done' && i === 1)?.result.frames).toBe(6);
    expect(isThere(encoder)).toBe(false);
  });

  it('say that they died when they are killed, so that the scene is tried again', async () => {
    const pids = pidFolder('died');
    const { worker, heard, ended } = await start([job('died.mp4', 3000), job('again.mp4', 6)], { pidFolder: pids });
    await heard('frames');
    const [encoder] = encoders(pids);
    for (const pid of processes(pids).filter((pid) => pid !== worker.pid)) process.kill(pid, 'SIGKILL');
    const failed = await heard('failed');
    expect(failed).toMatchObject({ job: 0, kind: 'died', mayRetry: true });
    expect((await ended).find(({ type, job: i }) => type === 'done' && i === 1)?.result.frames).toBe(6);
    expect(isThere(encoder)).toBe(false);
    expect(existsSync(path.join(folder, 'died.mp4'))).toBe(false);
  });
});

let made: Promise<string> | undefined;

function cover(): Promise<string> {
  return (made ??= (async () => {
    const { default: sharp } = await import('sharp');
    const file = path.join(folder, 'cover.jpg');
    await sharp({
      create: { width: 300, height: 450, channels: 3, background: '#cde', noise: { type: 'gaussian', mean: 120, sigma: 40 } },
    })
      .jpeg()
      .toFile(file);
    return file;
  })());
}
