import { eventQueue } from '#libs/events/queues';
import type { ChapterPublished, ChapterUnpublished } from './chapters/index.js';

/** Events that other modules than their own react to. */
type PublicEvent = ChapterPublished | ChapterUnpublished;

/** Modules with a processor of event types, on their own queue. */
type ReactingModule = 'comments' | 'rendering';

/**
 * All communication between modules on one page: which modules react to which event. The reacting module imports the type of the
 * event from the module that records it, so imports follow MAY_USE in .dependency-cruiser.cjs.
 */
export const REACTIONS: { readonly [Type in PublicEvent['type']]: readonly ReactingModule[] } = {
  ChapterPublished: ['comments', 'rendering'],
  ChapterUnpublished: ['rendering'],
};

/** The queues through which these reactions run: one for each module that reacts. */
export const EVENT_QUEUES = [...new Set(Object.values(REACTIONS).flat())].map(eventQueue);
