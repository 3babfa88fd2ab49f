/** The outbox: each reaction happens once, also when Redis, jobs or processes fail meanwhile. */
import Queue from 'bull';
import { Redis } from 'ioredis';
import type { EventResponse } from '../../libs/events/events.contract.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const PREFIX = 'outbox';

let stack: Stack;
let author: Person;
let admin: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 1, ownRedis: true, env: { REDIS_PREFIX: PREFIX } });
  author = await signUp(stack, { role: 'author' });
  admin = await signUp(stack, { role: 'admin' });
});

interface Delivery {
  event: string;
  consumer: string;
  epoch: number;
  handled_at: Date | null;
  attempts: number;
}
const deliveries = (chapterId: string): Promise<Delivery[]> =>
  stack.sql<Delivery>(
    `SELECT d.event, d.consumer, d.epoch, d.handled_at, d.attempts FROM events.delivery d JOIN events.event e ON e.id = d.event
      WHERE e.type = 'ChapterPublished' AND e.subject_id = $1 ORDER BY d.event, d.consumer`,
    [chapterId],
  );
const handled = (chapterId: string, count = 2, ms = 25_000): Promise<Delivery[]> =>
  until(
    async () => {
      const all = await deliveries(chapterId);
      return all.length === count && all.every((one) => one.handled_at) && all;
    },
    ms,
    'every reaction has happened',
  );
/**
 * A chapter that is filmed when it is published, with a comment whose anchor moves: so both reactions leave something to count.
 */
async function chapterToPublish(): Promise<{ chapterId: string; workId: string; publish(): Promise<void> }> {
  const begun = await begunChapter(author, { markdown: 'One lamp was lit.\n\nThe other was not.', publish: true });
  await handled(begun.chapterId);
  must(201, await author.api.post(`/v1/chapters/${begun.chapterId}/comments`, { body: 'Which?', block: begun.blocks[1].id }));
  must(200, await author.api.put(`/v1/works/${begun.workId}/rendering`, { onPublish: true }, { 'if-match': '*' }));
  must(
    200,
    await author.api.put(`/v1/chapters/${begun.chapterId}/draft`, { markdown: 'The other was not.' }, { 'if-match': '*' }),
  );
  return {
    ...begun,
    publish: async () =>
      void must(200, await author.api.post(`/v1/chapters/${begun.chapterId}/publication`, {}, { 'if-match': '*' })),
  };
}
const effects = async (chapterId: string) => ({
  renditions: (await stack.sql(`SELECT FROM rendering.rendition WHERE chapter_id = $1`, [chapterId])).length,
  reached: (
    await stack.sql<{ publication: number }>(`SELECT publication FROM comments.reanchoring_position WHERE chapter_id = $1`, [
      chapterId,
    ])
  )[0]?.publication,
  told: (await stack.sql(`SELECT FROM live.event WHERE key = $1 AND type = 'chapter.published'`, [`chapter:${chapterId}`]))
    .length,
});

describe('Publishing', () => {
  it('has its reactions once when Redis was away', async () => {
    const { chapterId, publish } = await chapterToPublish();
    await stack.redis.stop();
    await publish();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await deliveries(chapterId)).filter((one) => !one.handled_at)).toHaveLength(2);
    await stack.redis.start();
    await handled(chapterId, 4);
    expect(await effects(chapterId)).toEqual({ renditions: 1, reached: 2, told: 2 });
  }, 60_000);

  it('has its reactions once when Redis was emptied between relaying and handling', async () => {
    const { chapterId, publish } = await chapterToPublish();
    const queues = ['events.comments', 'events.rendering'].map((name) => queueOf(name));
    await Promise.all(queues.map((queue) => queue.pause()));
    await publish();
    await until(
      async () =>
        (
          await stack.sql(
            `SELECT FROM events.delivery d JOIN events.event e ON e.id = d.event
                           WHERE e.subject_id = $1 AND d.handled_at IS NULL AND d.relayed_at IS NOT NULL`,
            [chapterId],
          )
        ).length === 2,
      10_000,
      'both are relayed',
    );
    await stack.redis.flushAll();
    await Promise.all(queues.map((queue) => queue.resume()));
    await handled(chapterId, 4);
    expect(await effects(chapterId)).toEqual({ renditions: 1, reached: 2, told: 2 });
    await Promise.all(queues.map((queue) => queue.close()));
  }, 90_000);

  it('has its reactions once when Bull gave a job up and Postgres could not be told', async () => {
    const { chapterId, publish } = await chapterToPublish();
    const queue = queueOf('events.comments');
    await queue.pause();
    await publish();
    const open = () =>
      stack.sql(
        `SELECT FROM events.delivery d JOIN events.event e ON e.id = d.event
          WHERE e.subject_id = $1 AND d.consumer = 'comments' AND d.handled_at IS NULL AND d.relayed_at IS NOT NULL`,
        [chapterId],
      );
    await until(async () => (await open()).length === 1, 10_000, 'it is relayed');
    await stack.workers.at(-1)!.kill('SIGKILL');
    await queue.resume();
    const job = (await queue.getNextJob())!;
    await job.discard();
    await job.moveToFailed({ message: 'Postgres is away, says the test' });
    await stack.startWorker();
    await handled(chapterId, 4, 30_000);
    expect(await effects(chapterId)).toEqual({ renditions: 1, reached: 2, told: 2 });
    await queue.close();
  }, 90_000);

  it('has one effect when the same job runs twice', async () => {
    const { chapterId, publish } = await chapterToPublish();
    await publish();
    const done = await handled(chapterId, 4);
    const last = done.filter(({ consumer }) => consumer === 'rendering').at(-1)!;
    const queue = queueOf('events.rendering');
    const again = await queue.add(
      'ChapterPublished',
      { event: last.event, consumer: last.consumer, epoch: last.epoch },
      { jobId: `again-${last.event}` },
    );
    await again.finished();
    expect(await effects(chapterId)).toMatchObject({ renditions: 1 });
    await queue.close();
  }, 60_000);

  it('succeeds the third time after two failures, and shows them to the admin', async () => {
    const { chapterId, publish } = await chapterToPublish();
    await stack.sql(`CREATE SEQUENCE public.tries`);
    await stack.sql(
      `CREATE FUNCTION public.fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN IF nextval('public.tries') <= 2 THEN RAISE EXCEPTION 'not yet, says the test'; END IF; RETURN NEW; END $$`,
    );
    await stack.sql(
      `CREATE TRIGGER fail_twice BEFORE INSERT ON rendering.rendition FOR EACH ROW WHEN (NEW.chapter_id = '${chapterId}') EXECUTE FUNCTION public.fail_twice()`,
    );
    await publish();
    await handled(chapterId, 4, 30_000);
    await stack.sql(`DROP TRIGGER fail_twice ON rendering.rendition`);
    const { body } = await admin.api.get<{ items: EventResponse[] }>(`/v1/admin/events?about=${chapterId}`);
    const fact = body.items.find(({ type }) => type === 'ChapterPublished')!;
    const delivery = fact.deliveries.find(({ consumer }) => consumer === 'rendering')!;
    expect(delivery).toMatchObject({ attempts: 2, failedAt: null });
    expect(delivery.errors.map(({ message }) => message)).toEqual(['not yet, says the test', 'not yet, says the test']);
    expect(delivery.handledAt).not.toBeNull();
    expect(await effects(chapterId)).toMatchObject({ renditions: 1 });
  }, 60_000);

  it('is shown to the admin with its consequences, and can be replayed', async () => {
    const { chapterId, publish } = await chapterToPublish();
    await publish();
    await handled(chapterId, 4);
    const { body } = await admin.api.get<{ items: EventResponse[] }>(`/v1/admin/events?about=${chapterId}`);
    const fact = body.items.find(({ type }) => type === 'ChapterPublished')!;
    const effect = body.items.find(({ type }) => type === 'PlanRendition')!;
    expect(effect.cause).toBe(fact.id);
    expect(fact.effects).toContain(effect.id);
    expect(fact).toMatchObject({ kind: 'event', actor: author.id, subject: { kind: 'chapter', id: chapterId, version: 2 } });
    expect(fact.request).toMatch(/./);
    expect((await author.api.get(`/v1/admin/events?about=${chapterId}`)).status).toBe(403);
    must(202, await admin.api.post(`/v1/admin/events/${fact.id}/deliveries/comments/replay`));
    await until(
      async () => (await deliveries(chapterId)).some(({ epoch, handled_at }) => epoch === 2 && handled_at),
      10_000,
      'the replay is handled',
    );
    expect(await effects(chapterId)).toEqual({ renditions: 1, reached: 2, told: 2 });
  }, 60_000);

  it('has its reactions once when its worker is killed and several take over', async () => {
    const { chapterId, publish } = await chapterToPublish();
    await publish();
    await stack.workers[0].kill('SIGKILL');
    await Promise.all([1, 2, 3].map(() => stack.startWorker()));
    await handled(chapterId, 4, 45_000);
    expect(await effects(chapterId)).toEqual({ renditions: 1, reached: 2, told: 2 });
  }, 90_000);
});

function queueOf(name: string): Queue.Queue {
  const prefix = `${PREFIX}:bull`;
  return new Queue(name, {
    prefix,
    createClient: (type) =>
      new Redis(stack.redis.url, { maxRetriesPerRequest: type === 'client' ? 5 : null, enableReadyCheck: false }),
  });
}
