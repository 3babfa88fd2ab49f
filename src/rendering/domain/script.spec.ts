import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { attached, detached, NothingToSay, NotInScript, Script } from './script.js';

const empty = (): Script => Script.restore({ chapterId: 'c', workId: 'w', version: 0, blocks: {} });

describe('A script', () => {
  it('keeps what was said of a block until it is said otherwise', () => {
    const script = empty();
    script.put(0, 'a', { say: 'Doctor Moss', pause: 1 });
    script.change(1, 'a', { take: 2, pause: null });
    expect(script.snapshot()).toMatchObject({ version: 2, blocks: { a: { say: 'Doctor Moss', take: 2 } } });
    script.put(2, 'a', { voice: 'flite:slt' });
    expect(script.snapshot().blocks).toEqual({ a: { voice: 'flite:slt' } });
  });

  it('forgets what leaves the block as it is', () => {
    const script = empty();
    script.put(0, 'a', { pause: 0, take: 0, skip: false, say: null });
    expect(script.snapshot()).toMatchObject({ version: 1, blocks: {} });
    expect(() => script.remove(1, 'a')).toThrow(NotInScript);
  });

  it('refuses a change that was prepared against another version, and leaves it', () => {
    const script = empty();
    script.put(undefined, 'a', { skip: true });
    expect(() => script.change(0, 'a', { pause: 1 })).toThrow(ChangedMeanwhile);
    expect(() => script.remove(0, 'a')).toThrow(ChangedMeanwhile);
    expect(script.snapshot()).toMatchObject({ version: 1, blocks: { a: { skip: true } } });
  });

  it('refuses words without a letter: a block to be left out is skipped', () => {
    expect(() => empty().put(0, 'a', { say: '…' })).toThrow(NothingToSay);
    expect(() => empty().put(0, 'a', { show: '🎉' })).toThrow(NothingToSay);
    empty().put(0, 'a', { show: '🎉 2024' });
  });

  it('waits with an entry for its block', () => {
    const script = { a: { skip: true }, b: { take: 1 } };
    const there = [{ id: 'b' }, { id: 'c' }];
    expect(attached(script, there)).toEqual({ b: { take: 1 } });
    expect(detached(script, there)).toEqual({ a: { skip: true } });
    expect(attached(script, [{ id: 'constructor' }, { id: 'a' }])).toEqual({ a: { skip: true } });
  });
});
