/** Refuses to start a worker that would leave an event unhandled: every reaction in REACTIONS needs a processor. */
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Reactions, REACTIONS } from './outbox.js';
import { eventQueue } from './queues.js';
import { Queues } from './worker-groups.js';

@Injectable()
export class ReactionCheck implements OnApplicationBootstrap {
  constructor(
    private readonly queues: Queues,
    @Inject(REACTIONS) private readonly reactions: Reactions,
  ) {}

  onApplicationBootstrap(): void {
    const missing = Object.entries(this.reactions).flatMap(([type, consumers]) =>
      consumers.filter((consumer) => !this.isProcessed(consumer, type)).map((consumer) => `${type} in ${consumer}`),
    );
    if (missing.length)
      throw new Error(
        `No processor reacts to ${missing.join(', ')}. Add @Process('<event type>') to the module's processor, or take the line out of REACTIONS (src/reactions.ts).`,
      );
  }

  /** Bull keeps its processors by name in `handlers`, which its types leave out; `@Process('x')` adds `x`. */
  private isProcessed(consumer: string, type: string): boolean {
    const { handlers } = this.queues.get(eventQueue(consumer)) as unknown as { handlers: Record<string, unknown> };
    return Object.hasOwn(handlers, type);
  }
}
