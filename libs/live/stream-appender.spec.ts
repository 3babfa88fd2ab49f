import type { EntityManager } from 'typeorm';
import type { Transaction } from '#libs/database/transaction';
import { type NewLiveEvent, StreamAppender } from './stream-appender.js';
import type { LiveBus } from './live-bus.js';

const [FIRST, SECOND] = ['chapter:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f60', 'rendition:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f60'];

/** A unit of work that notes what is asked of the database, and when. */
function house(): {
  streams: StreamAppender;
  statements: unknown[][];
  said: object[];
  commit(): Promise<void>;
  rollBack(): void;
} {
  let step = { writing: {} as EntityManager, before: [] as (() => Promise<void>)[], after: [] as (() => void)[] };
  const statements: unknown[][] = [];
  const said: object[] = [];
  const transaction = {
    get writing() {
      return step.writing;
    },
    beforeCommit: (work: () => Promise<void>) => step.before.push(work),
    afterCommit: (work: () => void) => step.after.push(work),
    query: (_: string, parameters: unknown[]) => {
      statements.push(parameters);
      return Promise.resolve([{ head: 10 }]);
    },
  } as unknown as Transaction;
  const wire = { wake: (w: object) => void said.push(w) } as unknown as LiveBus;
  const rollBack = (): void => void (step = { writing: {} as EntityManager, before: [], after: [] });
  const commit = async (): Promise<void> => {
    for (const work of step.before) await work();
    step.after.forEach((work) => work());
    rollBack();
  };
  return { streams: new StreamAppender(transaction, wire), statements, said, commit, rollBack };
}

it('takes the numbers at the very end of a unit of work: one statement a stream, in the order of their names', async () => {
  const { streams, statements, said, commit } = house();
  const events: NewLiveEvent[] = [
    { stream: SECOND, type: 'ready', body: { n: 1 } },
    { stream: FIRST, type: 'said', body: { n: 2 } },
    { stream: SECOND, type: 'gone', body: { n: 3 } },
    { stream: SECOND, type: 'back', body: {} },
  ];
  for (const event of events) await streams.append(event);
  expect([statements, said]).toEqual([[], []]);
  await commit();
  expect(statements).toEqual([
    [FIRST, 1, ['said'], ['{"n":2}']],
    [SECOND, 3, ['ready', 'gone', 'back'], ['{"n":1}', '{"n":3}', '{}']],
  ]);
  expect(said).toEqual([
    { key: FIRST, head: 10 },
    { key: SECOND, head: 10 },
  ]);
});

it('forgets what was appended when the unit of work is rolled back or tried again', async () => {
  const { streams, statements, commit, rollBack } = house();
  await streams.append({ stream: FIRST, type: 'said', body: {} });
  rollBack();
  await streams.append({ stream: FIRST, type: 'said', body: { again: true } });
  await commit();
  expect(statements).toEqual([[FIRST, 1, ['said'], ['{"again":true}']]]);
});

it('refuses a stream without a proper name', () => {
  expect(() => house().streams.append({ stream: 'chapter', type: 'said', body: {} })).toThrow('no stream');
});
