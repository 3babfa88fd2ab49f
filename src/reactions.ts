import type { Reactions } from '#libs/events/outbox';

/**
 * All traffic between modules, on one page: which module takes notice of which fact. The one named on the right imports
 * the fact's type from the one that tells it, so arrows run the same way as MAY_USE in .dependency-cruiser.cjs.
 */
export const REACTIONS: Reactions = {
  ChapterPublished: ['comments', 'rendering'],
  ChapterUnpublished: ['rendering'],
};
