import fc from 'fast-check';
import { MemoryCounter, RedisHealth } from './rate-limit-counters.js';

describe('counting in memory', () => {
  it('lets exactly the budget of each key through in each window', () => {
    const requests = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), wait: fc.nat(900) }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), requests, (allowed, list) => {
        const counter = new MemoryCounter({ requests: allowed, seconds: 2 });
        const windows = new Map<string, { endsAt: number; passed: number }>();
        let now = 1_000;
        for (const { key, wait } of list) {
          now += wait;
          let window = windows.get(key);
          if (!window || window.endsAt <= now) windows.set(key, (window = { endsAt: now + 2_000, passed: 0 }));
          const { isOver, remaining, msLeft } = counter.count(key, now);
          if (!isOver) window.passed++;
          expect(window.passed).toBeLessThanOrEqual(allowed);
          expect({ isOver, msLeft }).toEqual({ isOver: isOver && window.passed === allowed, msLeft: window.endsAt - now });
          if (!isOver) expect(remaining).toBe(allowed - window.passed);
        }
      }),
    );
  });

  it('lets another through for each one given back', () => {
    const counter = new MemoryCounter({ requests: 2, seconds: 60 });
    counter.count('mira');
    counter.count('mira').giveBack();
    expect(counter.count('mira').isOver).toBe(false);
    expect(counter.count('mira').isOver).toBe(true);
  });

  it('keeps a bounded number of keys, those used last', () => {
    const counter = new MemoryCounter({ requests: 1, seconds: 3_600 });
    counter.count('the first');
    for (let i = 0; i < 9_999; i++) counter.count(`a ${i}`);
    expect(counter.count('the first').isOver).toBe(true);
    for (let i = 0; i < 10_000; i++) counter.count(`b ${i}`);
    expect(counter.count('the first').isOver).toBe(false);
  });
});

describe('a Redis that does not answer', () => {
  it('is left alone for a second, then tried by one request, and asked by all when that succeeds', () => {
    const health = new RedisHealth();
    const asks = (now: number): boolean[] => [health.mayAsk(now), health.mayAsk(now), health.mayAsk(now)];
    expect(asks(0)).toEqual([true, true, true]);
    health.failed(1_000);
    expect(asks(1_999)).toEqual([false, false, false]);
    expect(asks(2_000)).toEqual([true, false, false]);
    expect(asks(3_000)).toEqual([true, false, false]);
    health.succeeded();
    expect(asks(3_001)).toEqual([true, true, true]);
  });
});
