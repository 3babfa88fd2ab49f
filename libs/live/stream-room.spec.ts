import fc from 'fast-check';
import { ACCESS_CHANGED } from '#libs/kernel/live';
import type { Encoding } from './encoding.js';
import type { PresentedEvent } from './event-presenters.js';
import { type Member, StreamRoom } from './stream-room.js';
import type { Timing } from './coalescer.js';

/** Writes numbers and signals as text, to be read again by the listeners below. */
const PLAIN: Encoding = {
  event: (_, { seq }) => Buffer.from(`${seq} `),
  signal: (_, { type }) => Buffer.from(`${type} `),
};

/** Postgres as a list: only what is committed can be read, and an answer comes when the test lets it. */
class Log {
  readonly events: PresentedEvent[] = [];
  private pending: (() => void)[] = [];
  reads = 0;
  private asked = 0;
  fails = false;

  commit(count: number, type = 'said'): void {
    for (let i = 0; i < count; i++) this.events.push({ seq: this.events.length + 1, type, json: '' });
  }
  read(_: string, after: number, upTo: number, limit: number): Promise<PresentedEvent[]> {
    this.reads++;
    return this.later(() => this.events.filter(({ seq }) => seq > after && seq <= upTo).slice(0, Math.min(limit, 7)));
  }
  answerOne(): void {
    this.pending.shift()?.();
  }
  get isQuiet(): boolean {
    return !this.pending.length;
  }
  /** What is seen is what was committed when the answer was made up: by turns just after the question, or just before it comes. */
  private later<T>(look: () => T): Promise<T> {
    const { fails } = this;
    const early = ++this.asked % 2 ? look() : undefined;
    return new Promise((resolve, reject) =>
      this.pending.push(() => (fails ? reject(new Error('away')) : resolve(early ?? look()))),
    );
  }
}

class ManualTime implements Timing {
  private time = 0;
  private alarms: { at: number; work: () => void }[] = [];
  now = (): number => this.time;
  later = (ms: number, work: () => void): (() => void) => {
    const alarm = { at: this.time + ms, work };
    this.alarms.push(alarm);
    return () => (this.alarms = this.alarms.filter((other) => other !== alarm));
  };
  pass(ms: number): void {
    this.time += ms;
    const due = this.alarms.filter(({ at }) => at <= this.time);
    this.alarms = this.alarms.filter(({ at }) => at > this.time);
    due.forEach(({ work }) => work());
  }
}

class Reader implements Member {
  readonly encoding = PLAIN;
  readonly got: string[] = [];
  writes = 0;
  write(bytes: Buffer): void {
    this.writes++;
    this.got.push(...bytes.toString().trim().split(' '));
  }
}

/** As joins.ts does it, but for the queue. */
async function follow(it: StreamRoom, reader: Reader, since: number): Promise<void> {
  it.enter(reader);
  for (let at: number | undefined = since; at !== undefined;) {
    await it.reached(at);
    at = await it.advance([reader], at);
  }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + 1 + i));

function room(
  start = 0,
  reauthorize: (room: StreamRoom) => Promise<void> = () => Promise.resolve(),
): {
  room: StreamRoom;
  log: Log;
  time: ManualTime;
  calm(): Promise<void>;
} {
  const log = new Log();
  const time = new ManualTime();
  log.commit(start);
  const made = new StreamRoom({ key: 'chapter:x', head: start, epoch: 'e' }, log, reauthorize, () => undefined, time);
  const calm = async (): Promise<void> => {
    await settle();
    for (let i = 0; i < 500 && !log.isQuiet; i++) {
      log.answerOne();
      await settle();
      time.pass(8);
      await settle();
    }
  };
  return { room: made, log, time, calm };
}

it('gives every listener each event once and in order, whatever commits, joins, cuts, lost wakes and slow answers do', async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('commit' as const), n: fc.integer({ min: 1, max: 12 }), woken: fc.boolean() }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), back: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(9) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('compare heads' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('database' as const), fails: fc.boolean() }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), fc.nat(20), async (steps, before) => {
      const { room: it, log, time, calm } = room(before);
      const readers: { reader: Reader; since: number; left?: number }[] = [];
      for (const what of steps) {
        if (what.do === 'commit') {
          log.commit(what.n);
          if (what.woken) it.wake(log.events.length);
        } else if (what.do === 'join') {
          const reader = new Reader();
          const since = Math.max(0, log.events.length - what.back); // may well be ahead of what this room has seen
          const entry: (typeof readers)[number] = { reader, since };
          readers.push(entry);
          follow(it, reader, since).catch(() => {
            it.leave(reader);
            entry.left ??= reader.got.length;
          });
        } else if (what.do === 'leave' && readers[what.who]) {
          it.leave(readers[what.who].reader);
          readers[what.who].left ??= readers[what.who].reader.got.length;
        } else if (what.do === 'answer') log.answerOne();
        else if (what.do === 'pass') time.pass(what.ms);
        else if (what.do === 'compare heads') it.wake(log.events.length);
        else if (what.do === 'database') log.fails = what.fails;
        await settle();
      }
      log.fails = false;
      await calm();
      it.wake(log.events.length); // the comparison of heads, at last with a database that answers
      time.pass(2_000);
      await calm();
      for (const { reader, since, left } of readers) {
        const all = numbers(since, log.events.length);
        expect(reader.got).toEqual(all.slice(0, left)); // nothing either after it left
      }
    }),
    { numRuns: 300 },
  );
});

it('sends a lone event at once and what comes within 8 ms of it in one write', async () => {
  const { room: it, log, time } = room();
  const reader = new Reader();
  await follow(it, reader, 0);

  log.commit(1);
  it.wake(1);
  log.answerOne();
  await settle();
  expect(reader.got).toEqual(['1']);

  for (let i = 2; i <= 6; i++) {
    log.commit(1);
    it.wake(i);
    time.pass(1);
  }
  expect(log.isQuiet).toBe(true); // not even asked for
  time.pass(3);
  log.answerOne();
  await settle();
  expect(reader.got).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(reader.writes).toBe(2);
  expect(log.reads).toBe(2);
});

it('carries signals without a number, also while the database is away', async () => {
  const { room: it, log, time } = room();
  const reader = new Reader();
  await follow(it, reader, 0);
  log.fails = true;
  it.wake(5);
  it.signal({ type: 'typing', at: '', body: {} });
  log.answerOne();
  await settle();
  time.pass(8);
  log.answerOne();
  await settle();
  expect(reader.got).toEqual(['typing']);
});

it('holds back what follows a change of access until those who lost it are gone', async () => {
  let proven = (): void => undefined;
  const reproving = new Promise<void>((resolve) => (proven = resolve));
  const { room: it, log } = room(0, () => reproving);
  const [stays, goes] = [new Reader(), new Reader()];
  for (const reader of [stays, goes]) {
    await follow(it, reader, 0);
  }
  log.commit(1);
  log.commit(1, ACCESS_CHANGED);
  log.commit(2);
  it.wake(4);
  log.answerOne();
  await settle();
  expect(goes.got).toEqual(['1', '2']);
  it.leave(goes);
  proven();
  await settle();
  expect(goes.got).toEqual(['1', '2']);
  expect(stays.got).toEqual(['1', '2', '3', '4']);
});

it('serves a crowd that comes back for the same events with one read, and keeps none of them', async () => {
  const { room: it, log } = room(5);
  const crowd = Array.from({ length: 100 }, () => new Reader());
  for (const reader of crowd) it.enter(reader);
  for (let at: number | undefined = 2, i = 0; at !== undefined && i < 10; i++) {
    const advancing = it.advance(crowd, at);
    log.answerOne();
    at = await advancing;
  }
  expect(log.reads).toBe(1);
  expect(crowd.every(({ got }) => got.join() === '3,4,5')).toBe(true);
  const late = new Reader();
  it.enter(late);
  const advancing = it.advance([late], 2);
  log.answerOne();
  await advancing;
  expect(log.reads).toBe(2); // what was deleted meanwhile must not come from memory
});

it('writes long events in pages that a slow reader can take, and never none', async () => {
  const { room: it, log } = room(40);
  log.events.forEach((event, i) => (log.events[i] = { ...event, json: 'x'.repeat(i % 5 ? 60_000 : 900_000) }));
  const sizes: number[] = [];
  const reader: Member = {
    encoding: { event: (_, { json }) => Buffer.from(json), signal: () => Buffer.alloc(0) },
    write: (bytes) => void sizes.push(bytes.length),
  };
  it.enter(reader);
  let at: number | undefined = 0;
  for (let i = 0; at !== undefined && i < 100; i++) {
    const advancing = it.advance([reader], at);
    log.answerOne();
    at = await advancing;
  }
  expect(at).toBeUndefined();
  expect(sizes.reduce((sum, size) => sum + size)).toBe(8 * 900_000 + 32 * 60_000);
  expect(Math.max(...sizes)).toBe(900_000); // one event, however long
  expect(Math.max(...sizes.filter((size) => size !== 900_000))).toBeLessThanOrEqual(256 * 1024);
});
