import type { Actor } from '#libs/kernel/actor';
import { Chapters } from '../../chapters/index.js';
import { type Action, can } from '../domain/policy.js';
import { OnlyAuthorsFilm } from '../domain/rendition.js';

/**
 * Refuses what the policy of rendering denies about a chapter or work, with the refusals of chapters: who may not know of it
 * is told that it does not exist.
 *
 *     await authorize(this.chapters, by, 'film:make', 'chapter:film', chapterId);
 */
export async function authorize(
  chapters: Chapters,
  actor: Actor | undefined,
  action: Action,
  needs: 'chapter:film' | 'chapter:read-films' | 'work:film' | 'work:read-films',
  id: string,
): Promise<void> {
  const worksOnIt = await chapters.can(actor, needs, id);
  if (can(actor, action, { isShown: false, worksOnIt })) return;
  await chapters.authorize(actor, needs, id);
  throw new OnlyAuthorsFilm();
}
