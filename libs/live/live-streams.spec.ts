import { LiveStreams } from './live-streams.js';
import type { LiveBus } from './live-bus.js';

const STREAM = 'rendition:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f60';

function speaker(): { streams: LiveStreams; said: object[] } {
  const said: object[] = [];
  const wire = { pass: (p: object) => void said.push(p) } as unknown as LiveBus;
  return { streams: new LiveStreams(wire), said };
}

describe('signals', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('come four a second from one sender at most, the last of them always', () => {
    const { streams, said } = speaker();
    for (let frames = 0; frames < 100; frames++) {
      streams.signal(STREAM, 'progress', { frames });
      jest.advanceTimersByTime(10);
    }
    jest.advanceTimersByTime(1_000);
    expect(said.length).toBeLessThanOrEqual(5);
    expect(said.at(-1)).toMatchObject({ key: STREAM, signal: { type: 'progress', body: { frames: 99 } } });
  });

  it('of two senders do not wait for each other', () => {
    const { streams, said } = speaker();
    for (const sender of ['mira', 'jon']) streams.signal(STREAM, 'typing', { by: sender }, sender);
    expect(said).toHaveLength(2);
  });
});
