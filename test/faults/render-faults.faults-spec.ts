/** `npm run test:render-faults`: every fault at every stage, with as many seeds as wanted. */
import { startFaultyS3 } from '../support/faulty-s3.js';
import { askFor, finished, ready } from '../support/filming.js';
import { faultsAt, RESUMED_WITHIN_MS, round, type Scene, STAGES, textOf } from '../support/render-faults.js';
import { begunChapter, signUp, startStack } from '../support/stack.js';

const SEEDS = Number(process.env.RENDER_FAULT_SEEDS ?? 10);
const only = process.env.RENDER_FAULT_STAGES?.split(',');

let scene: Scene;
const took: Record<string, number[]> = {};
beforeAll(async () => {
  const s3 = await startFaultyS3();
  const stack = await startStack({
    webs: 1,
    workers: 1,
    ownRedis: true,
    ownPostgres: true,
    env: { RENDER_CONCURRENCY: '2', ...s3.env, S3_STALL_SECONDS: '30', ACCESS_TOKEN_SECONDS: '86400' },
  });
  scene = { stack, s3, author: await signUp(stack, { role: 'author' }) };
}, 120_000);
afterAll(async () => {
  await scene.stack.stop();
  await scene.s3!.stop();
  const lines = Object.entries(took).map(
    ([what, ms]) => `${what.padEnd(34)} ${ms.map((one) => (one / 1000).toFixed(1)).join('  ')}`,
  );
  console.log(`Seconds until it was resumed\n${lines.join('\n')}`);
});

(only ? it.skip : it)('A store that stays away fails the film after a minute, in a sentence that says what to do', async () => {
  const { stack, author, s3 } = scene;
  const mend = s3!.trouble('fails', 'PUT', /video/);
  const { chapterId } = await begunChapter(author, { markdown: textOf(9_999), publish: true });
  const film = await finished(author, (await askFor(author, chapterId)).id, 280_000).finally(mend);
  expect(film).toMatchObject({
    state: 'failed',
    failure: expect.stringMatching(/^S3 does not answer as it should .*Try again later\.$/),
  });
  expect(await stack.sql(`SELECT FROM events.event WHERE type = 'RenditionFailed' AND subject_id = $1`, [film.id])).toHaveLength(
    1,
  );
  await ready(author, (await askFor(author, chapterId)).id);
});

const stages = STAGES.filter((stage) => !only || only.includes(stage));
describe.each(stages)('While it is at the stage: %s', (stage) => {
  describe.each(faultsAt(stage))('%s', (fault) => {
    it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
      'costs a film nothing but what was in flight (seed %d)',
      async (seed) => {
        const ms = await round(scene, stage, fault, 1_000 * STAGES.indexOf(stage) + 100 * faultsAt(stage).indexOf(fault) + seed);
        (took[`${stage}, ${fault}`] ??= []).push(ms);
        expect(ms).toBeLessThan(RESUMED_WITHIN_MS);
      },
    );
  });
});
