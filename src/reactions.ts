import { eventQueue } from '#libs/events/queues';
import type { ChapterPublished, ChapterUnpublished } from './chapters/index.js';

/** Events that other modules than their own react to. */
type PublicEvent = ChapterPublished | ChapterUnpublished;

/** Modules with a processor of event types, on their own queue. */
type ReactingModule = 'comments' | 'rendering';

/**
 * All traffic between modules, on one page: which module reacts to which event. The module on the right imports the event's
 * type from the module that records it, so arrows run the same way as MAY_USE in .dependency-cruiser.cjs. A worker refuses to
 * start when one of these reactions has no processor.
 */
export const REACTIONS: { readonly [Type in PublicEvent['type']]: readonly ReactingModule[] } = {
  ChapterPublished: ['comments', 'rendering'],
  ChapterUnpublished: ['rendering'],
};

/** The queues through which these reactions run: one for each module that reacts. */
export const EVENT_QUEUES = [...new Set(Object.values(REACTIONS).flat())].map(eventQueue);
