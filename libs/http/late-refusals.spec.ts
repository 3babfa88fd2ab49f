import { refuseLater } from './late-refusals.js';

describe('A refusal of a live connection', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('waits for a second, so that who tries again at once costs one refusal a second', () => {
    let refused = 0;
    refuseLater(() => refused++);
    jest.advanceTimersByTime(999);
    expect(refused).toBe(0);
    jest.advanceTimersByTime(1);
    expect(refused).toBe(1);
  });

  it('is sent at once while a thousand wait, because a waiting one costs a socket', () => {
    let refused = 0;
    for (let i = 0; i < 1_500; i++) refuseLater(() => refused++);
    expect(refused).toBe(500);
    jest.advanceTimersByTime(1_000);
    expect(refused).toBe(1_500);
    refuseLater(() => refused++);
    expect(refused).toBe(1_500);
    jest.advanceTimersByTime(1_000);
  });
});
