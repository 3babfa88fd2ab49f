import { ReactionCheck } from './reaction-check.js';
import type { Queues } from './worker-groups.js';

/** Queues whose processors handle these event types. */
const queuesWith = (handled: Record<string, string[]>): Queues =>
  ({
    get: (name: string) => ({ handlers: Object.fromEntries((handled[name] ?? []).map((type) => [type, () => undefined])) }),
  }) as unknown as Queues;

const REACTIONS = { ChapterPublished: ['comments', 'rendering'], ChapterUnpublished: ['rendering'] };

describe('A worker', () => {
  it('starts when every reaction has a processor', () => {
    const queues = queuesWith({
      'events.comments': ['ChapterPublished'],
      'events.rendering': ['ChapterPublished', 'ChapterUnpublished'],
    });
    expect(() => new ReactionCheck(queues, REACTIONS).onApplicationBootstrap()).not.toThrow();
  });

  it('refuses to start when a reaction has none, and names it', () => {
    const queues = queuesWith({ 'events.comments': ['ChapterPublished'], 'events.rendering': ['ChapterPublished'] });
    expect(() => new ReactionCheck(queues, REACTIONS).onApplicationBootstrap()).toThrow(
      'No processor reacts to ChapterUnpublished in rendering.',
    );
  });
});
