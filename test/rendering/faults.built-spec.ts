/** A few faults while a film is made; every fault at every stage is `npm run test:render-faults`. */
import { RESUMED_WITHIN_MS, expectUnharmed, round, type Scene, textOf } from '../support/render-faults.js';
import { askFor, attemptsOf, ready } from '../support/filming.js';
import { begunChapter, signUp, startStack, until } from '../support/stack.js';

let scene: Scene;
beforeAll(async () => {
  const stack = await startStack({ webs: 1, workers: 1, ownRedis: true, env: { RENDER_CONCURRENCY: '2' } });
  scene = { stack, author: await signUp(stack, { role: 'author' }) };
});

describe('A film', () => {
  it.each([
    ['narrate', 'Redis emptied'],
    ['encode', 'SIGSTOP of ffmpeg'],
  ] as const)(
    'is finished after this while %s is under way: %s',
    async (stage, fault) => {
      expect(await round(scene, stage, fault, stage.length)).toBeLessThan(RESUMED_WITHIN_MS);
    },
    300_000,
  );

  it('is finished by others when a worker freezes; when it continues later, its result is refused', async () => {
    const { stack, author } = scene;
    const frozen = stack.workers[0];
    const { chapterId } = await begunChapter(author, { markdown: textOf(77), publish: true });
    const { id } = await askFor(author, chapterId);
    const held = await until(
      async () => {
        const open = (await attemptsOf(stack, id)).filter(
          ({ outcome, kind, frames }) => !outcome && kind === 'segment' && frames > 0,
        );
        return open.length > 0 && open;
      },
      30_000,
      'it is being drawn',
    );
    await frozen.kill('SIGSTOP');
    const inFlight = new Set((await attemptsOf(stack, id)).filter(({ outcome }) => !outcome).map(({ key }) => key));
    await stack.startWorker();
    await ready(author, id);
    await frozen.kill('SIGCONT');
    const late = async () => (await attemptsOf(stack, id)).filter(({ worker }) => worker.endsWith(`/${frozen.pid}`));
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // it finishes what it had begun, and says so
    const lost = (await late()).filter(({ key }) => held.some((one) => one.key === key));
    expect(lost.map(({ outcome }) => outcome)).toEqual(lost.map(() => 'lost'));
    expect(frozen.isAlive).toBe(true);
    await expectUnharmed(scene, id, inFlight);
  }, 300_000);
});
