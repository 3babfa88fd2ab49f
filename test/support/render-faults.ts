/**
 * One fault at one stage of one film, and everything that must hold afterwards. The fault certainly happens in its stage: where a stage
 * is too short, the upload that is part of it is held until the fault has happened.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultyS3 } from './faulty-s3.js';
import { askFor, type Attempt, attemptsOf, below, filmOf, ready, readyFacts, send } from './filming.js';
import type { Person } from './people.js';
import { begunChapter, type Stack, until } from './stack.js';

export type Stage = 'plan' | 'narrate' | 'encode' | 'upload' | 'assemble';
export type Fault =
  | 'kill -9 of the worker'
  | 'SIGTERM of the worker'
  | 'kill -9 of ffmpeg'
  | 'SIGSTOP of ffmpeg'
  | 'Redis emptied'
  | 'Postgres restarted';

export const STAGES: Stage[] = ['plan', 'narrate', 'encode', 'upload', 'assemble'];
const OF_FFMPEG: Fault[] = ['kill -9 of ffmpeg', 'SIGSTOP of ffmpeg'];
const OF_ALL: Fault[] = ['kill -9 of the worker', 'SIGTERM of the worker', 'Redis emptied', 'Postgres restarted'];
/** FFmpeg runs while narrating and encoding only. */
export const faultsAt = (stage: Stage): Fault[] =>
  stage === 'narrate' || stage === 'encode' ? [...OF_ALL, ...OF_FFMPEG] : OF_ALL;

/** The bound of recovery. It follows from a lease of 10 s, job locks of 8 s and a check every 2 s, not from the machine's speed. */
export const RESUMED_WITHIN_MS = 15_000;

export interface Scene {
  readonly stack: Stack;
  readonly author: Person;
  readonly s3?: FaultyS3;
}

const WORDS =
  'lamp quay fog ladder tide bell window letter harbour gull rope stair coat ink candle winter mast whale north salt copper mirror'.split(
    ' ',
  );

/** Three paragraphs that nobody has filmed before: also each half, where one is cut in two, says whose it is. */
export function textOf(seed: number): string {
  let state = (seed + 1) * 2_654_435_761;
  const next = (): string => WORDS[(state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % WORDS.length];
  return [1, 2, 3]
    .map(
      (n) =>
        `The ${next()} of number ${seed} came ${n} times with a ${next()}, and ${seed} times ${n} was the ${next()} by the ${next()}.`,
    )
    .join('\n\n');
}

/** The next moment at which the film is in this stage. @returns a function that releases what was held */
async function reached(
  { stack, s3 }: Scene,
  stage: Stage,
  fault: Fault,
  request: () => Promise<string>,
): Promise<[string, () => void]> {
  const held = { plan: /artefacts/, upload: /video\/mp4/, assemble: /image\/jpeg/ }[stage as string];
  const free = (held && s3?.trouble('holds', 'PUT', held, 1)) || ((): void => undefined);
  const film = await request();
  if (held) {
    await until(() => s3!.held.length, 60_000, `${stage}: an upload is held`);
    return [film, free];
  }
  const kind = stage === 'narrate' ? 'sound' : 'segment';
  await until(
    async () => (await open(stack, film)).some((attempt) => attempt.kind === kind && (kind === 'sound' || attempt.frames > 0)),
    60_000,
    `${stage} is under way`,
  );
  if (OF_FFMPEG.includes(fault)) await until(() => ffmpegOf(stack, stage).length, 60_000, 'FFmpeg runs');
  return [film, free];
}

const ffmpegOf = (stack: Stack, stage: Stage): number[] =>
  below(stack.workers.at(-1)!.pid, stage === 'narrate' ? '-f adts' : 'libx264').slice(0, 1);

const open = async (stack: Stack, film: string): Promise<Attempt[]> =>
  (await attemptsOf(stack, film)).filter(({ outcome }) => outcome === null);

/** @returns milliseconds until it was resumed */
export async function round(scene: Scene, stage: Stage, fault: Fault, seed: number): Promise<number> {
  const { stack, author, s3 } = scene;
  const { chapterId } = await begunChapter(author, { markdown: textOf(seed), publish: true });
  const [film, free] = await reached(scene, stage, fault, async () => (await askFor(author, chapterId)).id);
  const worker = stack.workers.at(-1)!;
  const family = [worker.pid, ...below(worker.pid)];
  const inFlight = new Map((await open(stack, film)).map((attempt) => [attempt.key, attempt]));
  const asked = s3?.asked ?? 0;

  const began = Date.now();
  if (fault === 'kill -9 of the worker') await worker.kill('SIGKILL');
  if (fault === 'SIGTERM of the worker') await worker.stop();
  if (OF_FFMPEG.includes(fault)) {
    // the one we saw may just have ended: then the next
    const signal = fault === 'SIGSTOP of ffmpeg' ? 'SIGSTOP' : 'SIGKILL';
    await until(() => ffmpegOf(stack, stage).some((pid) => send(pid, signal)), 60_000, 'FFmpeg gets the signal');
  }
  if (fault === 'Redis emptied') await stack.redis.flushAll();
  if (fault === 'Postgres restarted') {
    await stack.restartPostgres();
    const isBack = async (): Promise<boolean> =>
      (await stack.api.get('/readyz')).status === 200 && (await stack.sql('SELECT')).length === 1;
    await until(() => isBack().catch(() => false), 30_000, 'web and test are connected again');
  }
  for (const attempt of await open(stack, film)) if (!inFlight.has(attempt.key)) inFlight.set(attempt.key, attempt);
  free();
  if (!worker.isAlive) await stack.startWorker();

  const isReady = async (): Promise<boolean> => (await filmOf(author, film)).state === 'ready';
  const resumed = async (): Promise<boolean> => {
    if (stage === 'plan' || stage === 'assemble') return (s3?.asked ?? 0) > asked || isReady();
    const attempts = await attemptsOf(stack, film);
    const anew = [...inFlight].map(([key, { epoch }]) => attempts.some((one) => one.key === key && one.epoch > epoch));
    // one of them had its encoder killed, and continues with another
    if (OF_FFMPEG.includes(fault)) return anew.includes(true) || isReady();
    const onward = [...inFlight].map(([key, { frames }]) =>
      attempts.some((one) => one.key === key && (one.outcome === 'made' || one.frames > frames)),
    );
    return anew.every((isAnew, i) => isAnew || onward[i]);
  };
  await until(resumed, 40_000, `${stage}, ${fault}: it is resumed`);
  const took = Date.now() - began;
  await ready(author, film);
  await expectUnharmed(scene, film, new Set(inFlight.keys()));
  if (!worker.isAlive)
    await until(() => !family.some((pid) => send(pid, 'SIGCONT')), 15_000, 'the killed worker’s children are gone');
  return took;
}

/** One film, one event, nothing repeated except what was in flight, and nothing left behind. */
export async function expectUnharmed({ stack }: Scene, film: string, inFlight: Set<string>): Promise<void> {
  expect(await readyFacts(stack, film)).toBe(1);
  const attempts = await attemptsOf(stack, film);
  const made = attempts.filter(({ outcome }) => outcome === 'made');
  expect(made).toHaveLength(new Set(made.map(({ key }) => key)).size); // each once
  const repeated = attempts.filter(({ outcome }) => outcome !== 'made');
  expect(repeated.filter(({ key }) => !inFlight.has(key))).toEqual([]);
  const frames = new Map(made.map((one) => [one.key, one.frames]));
  for (const one of repeated) expect(one.frames).toBeLessThanOrEqual(frames.get(one.key)!);
  const open = `SELECT FROM events.delivery WHERE handled_at IS NULL AND failed_at IS NULL`; // one test lets a film fail for good
  await until(async () => (await stack.sql(open)).length === 0, 30_000, 'every job is done');
  const hopeless = `SELECT FROM events.delivery d JOIN events.event e ON e.id = d.event WHERE e.about @> ARRAY[$1] AND d.failed_at IS NOT NULL`;
  expect(await stack.sql(hopeless, [film])).toEqual([]);
  const living = stack.workers.filter(({ isAlive }) => isAlive);
  await until(() => living.every(({ pid }) => below(pid, 'libx264').length === 0), 15_000, 'no encoder is left');
  const files = (): string[] => readdirSync(join(stack.home, 'studio'), { recursive: true, encoding: 'utf8' });
  const allowed = (path: string): boolean =>
    /^(pictures|speech)(\/|$)/.test(path) ||
    living.some(({ pid }) => new RegExp(`^[^/]+-${pid}(/(alive|pids|owner(/${pid}\\.pid)?))?$`).test(path));
  await until(() => files().every(allowed), 20_000, `only what belongs there is in ${stack.home}/studio`).catch(
    (error: Error) => {
      throw new Error(
        `${files()
          .filter((path) => !allowed(path))
          .join(', ')}\n${error.message}`,
      );
    },
  );
}
