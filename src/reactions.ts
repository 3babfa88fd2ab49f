import { eventQueue } from '#libs/events/queues';
import type { AccountDeleted } from './auth/index.js';
import type {
  ChapterDeleted,
  ChapterErased,
  ChapterExpired,
  ChapterPublished,
  ChapterTakenDown,
  ChapterUnpublished,
  WorkDeleted,
  WorkErased,
  WorkExpired,
  WorkTakenDown,
} from './chapters/index.js';

/** Events that modules react to. */
type PublicEvent =
  | AccountDeleted
  | ChapterPublished
  | ChapterUnpublished
  | ChapterDeleted
  | ChapterTakenDown
  | ChapterExpired
  | ChapterErased
  | WorkDeleted
  | WorkTakenDown
  | WorkExpired
  | WorkErased;

/** Modules with a processor of event types, on their own queue. */
type ReactingModule = 'chapters' | 'comments' | 'rendering';

/**
 * All communication between modules on one page: which modules react to which event. The reacting module imports the type of the
 * event from the module that records it, so imports follow MAY_USE in .dependency-cruiser.cjs.
 */
export const REACTIONS: { readonly [Type in PublicEvent['type']]: readonly ReactingModule[] } = {
  AccountDeleted: ['chapters', 'comments'],
  ChapterPublished: ['comments', 'rendering'],
  ChapterUnpublished: ['rendering'],
  ChapterDeleted: ['rendering'],
  ChapterTakenDown: ['rendering'],
  ChapterExpired: ['chapters'],
  ChapterErased: ['comments', 'rendering'],
  WorkDeleted: ['rendering'],
  WorkTakenDown: ['rendering'],
  WorkExpired: ['chapters'],
  WorkErased: ['rendering'],
};

/** The queues through which these reactions run: one for each module that reacts. */
export const EVENT_QUEUES = [...new Set(Object.values(REACTIONS).flat())].map(eventQueue);
