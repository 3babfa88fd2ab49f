import { Slots } from './slots.js';

const ever = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Slots for scenes', () => {
  let log: string[];
  let slots: Slots;
  const leaves = new Map<string, () => void>();
  const enter = (name: string, share: string, express = false, signal = ever): void => {
    slots.enter({ share, express }, signal).then(
      (leave) => {
        log.push(name);
        leaves.set(name, leave);
      },
      (error: Error) => log.push(`${name}: ${error.message}`),
    );
  };
  const leave = (name: string): void => leaves.get(name)!();

  beforeEach(() => {
    log = [];
    slots = new Slots(2);
    enter('a1', 'ann');
    enter('a2', 'ann');
  });

  it('are as many as were given; who waits goes in when one is free, first come first', async () => {
    enter('a3', 'ann');
    enter('b1', 'bob');
    await settled();
    expect(log).toEqual(['a1', 'a2']);
    leave('a1');
    await settled();
    expect(log).toEqual(['a1', 'a2', 'a3']);
  });

  it('let one more in by express, who has nothing running, and only one', async () => {
    enter('b1', 'bob', true);
    enter('c1', 'cid', true);
    enter('a3', 'ann', true);
    await settled();
    expect(log).toEqual(['a1', 'a2', 'b1']);
    leave('a1');
    await settled();
    expect(log).toEqual(['a1', 'a2', 'b1', 'c1']);
    leave('b1');
    leave('a2');
    await settled();
    expect(log).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
  });

  it('forget who was stopped while waiting', async () => {
    const stopping = new AbortController();
    enter('a3', 'ann', false, stopping.signal);
    enter('b1', 'bob');
    await settled();
    stopping.abort(new Error('the worker is stopping'));
    await settled();
    leave('a1');
    await settled();
    expect(log).toEqual(['a1', 'a2', 'a3: the worker is stopping', 'b1']);
  });

  it('call for one more when it would find a slot, and for no other until that one is here or does not come', async () => {
    const called: (() => void)[] = [];
    for (let i = 0; i < 2; i++) void slots.room().then((here) => called.push(here));
    await settled();
    expect(called).toHaveLength(0);
    leave('a1');
    await settled();
    expect(called).toHaveLength(1);
    enter('a3', 'ann');
    called[0]();
    await settled();
    expect([log.at(-1), called.length]).toEqual(['a3', 1]);
    leave('a2');
    await settled();
    expect(called).toHaveLength(2);
    called[1](); // it did not come
    void slots.room().then((here) => called.push(here));
    await settled();
    expect(called).toHaveLength(3);
  });
});
