/**
 * Who may do what to films and to what they are made from: the only place where rendering decides it. Whether somebody works
 * on the chapter or work is answered by chapters: `Chapters.can(actor, 'chapter:film', …)`.
 *
 *     can(actor, 'film:read', { isShown, worksOnIt })
 */
import { type Actor, hasScope } from '#libs/kernel/actor';

/** What is known about the actor and the film, script, lexicon or settings. */
export interface Facts {
  /** The film is finished and not taken down, and readers may see the text that it shows. */
  isShown: boolean;
  worksOnIt: boolean;
}

const POLICY = {
  'film:read': (actor: Actor | undefined, { isShown, worksOnIt }: Facts) => isShown || worksOnIt || hasScope(actor, 'admin'),
  'film:inspect': (actor: Actor | undefined, { worksOnIt }: Facts) => worksOnIt || hasScope(actor, 'admin'),
  'film:make': (_: Actor | undefined, { worksOnIt }: Facts) => worksOnIt,
  'film:take-down': (actor: Actor | undefined) => hasScope(actor, 'admin'),
  'settings:read': (_: Actor | undefined, { worksOnIt }: Facts) => worksOnIt,
};
export type Action = keyof typeof POLICY;

export function can(actor: Actor | undefined, action: Action, facts: Facts): boolean {
  return POLICY[action](actor, facts);
}
