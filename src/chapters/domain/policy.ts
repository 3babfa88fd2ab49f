/**
 * Who may do what to works and chapters: the only place where chapters decides it. SQL repeats the reading rules for lists
 * (`chapters.visible_works`, `chapters.visible_chapters`), and the access matrix test compares both.
 *
 *     authorize(by, 'chapter:write', await this.chapters.facts(chapterId, by));
 */
import { type Actor, hasScope, isAtLeast, type Role, type Scope } from '#libs/kernel/actor';
import { ChapterNotFound, NotYourChapter } from './chapter.js';
import { NotYourWork, OnlyAuthorsWrite, WorkNotFound } from './work.js';

/** Roles on one work. An account has at most one of them on each work. */
export const WORK_ROLES = ['owner', 'editor', 'moderator', 'beta-reader'] as const;
export type WorkRole = (typeof WORK_ROLES)[number];

/** What is known about the actor and the work or chapter. */
export interface Facts {
  role: WorkRole | null;
  /** A chapter that readers see; a work that has one. */
  isPublic: boolean;
  /** It, or the work of a chapter, is in the bin. */
  isDeleted?: boolean;
  /** An admin took it, or the work of a chapter, down. */
  isTakenDown?: boolean;
}

/** `public`: everybody, if it is public. `site author`: accounts of at least that role on the whole site. */
type Grant = 'public' | WorkRole | `site ${Role}`;

const POLICY = {
  'work:create': { scope: 'chapters:write', to: ['site author'] },
  'work:read': { scope: 'chapters:read', to: ['public', 'owner', 'editor', 'moderator', 'beta-reader'] },
  'work:update': { scope: 'chapters:write', to: ['owner', 'editor'] },
  'work:delete': { scope: 'chapters:write', to: ['owner'] },
  'work:restore': { scope: 'chapters:write', to: ['owner'] },
  'work:erase': { scope: 'chapters:write', to: ['owner'] },
  'work:take-down': { scope: 'admin', to: ['site admin'] },
  'work:write': { scope: 'chapters:write', to: ['owner', 'editor'] },
  'work:read-members': { scope: 'chapters:read', to: ['owner', 'editor', 'moderator', 'beta-reader'] },
  'work:manage-members': { scope: 'members:write', to: ['owner'] },
  'work:leave': { scope: 'members:write', to: ['owner', 'editor', 'moderator', 'beta-reader'] },
  'work:film': { scope: 'films:write', to: ['owner', 'editor'] },
  'work:read-films': { scope: 'films:read', to: ['owner', 'editor'] },
  'chapter:read': { scope: 'chapters:read', to: ['public', 'owner', 'editor', 'beta-reader'] },
  'chapter:read-draft': { scope: 'chapters:read', to: ['owner', 'editor', 'beta-reader'] },
  'chapter:read-history': { scope: 'chapters:read', to: ['owner', 'editor'] },
  'chapter:write': { scope: 'chapters:write', to: ['owner', 'editor'] },
  'chapter:publish': { scope: 'chapters:write', to: ['owner', 'editor'] },
  'chapter:delete': { scope: 'chapters:write', to: ['owner', 'editor'] },
  'chapter:restore': { scope: 'chapters:write', to: ['owner', 'editor'] },
  'chapter:erase': { scope: 'chapters:write', to: ['owner'] },
  'chapter:take-down': { scope: 'admin', to: ['site admin'] },
  'chapter:moderate': { scope: 'comments:write', to: ['owner', 'moderator', 'site moderator'] },
  'chapter:film': { scope: 'films:write', to: ['owner', 'editor'] },
  'chapter:read-films': { scope: 'films:read', to: ['owner', 'editor'] },
} as const satisfies Record<string, { scope: Scope; to: readonly Grant[] }>;

export type Action = keyof typeof POLICY;
export const ACTIONS = Object.keys(POLICY) as Action[];

/** What can be done to a thing in the bin; nothing else can. */
const IN_BIN: readonly Action[] = ['work:restore', 'work:erase', 'chapter:restore', 'chapter:erase'];
/** Whose roles count on what was taken down: those who can change it. */
const ON_TAKEN_DOWN: readonly (WorkRole | null)[] = ['owner', 'editor'];

export function can(actor: Actor | undefined, action: Action, { role, isPublic, isDeleted, isTakenDown }: Facts): boolean {
  const { scope, to }: { scope: Scope; to: readonly Grant[] } = POLICY[action];
  if (isDeleted && !IN_BIN.includes(action)) return false;
  if (isPublic && to.includes('public')) return true;
  if (!hasScope(actor, scope)) return false;
  const counting = isTakenDown && !ON_TAKEN_DOWN.includes(role) ? null : role;
  return to.some((grant) => grant === counting || (grant.startsWith('site ') && isAtLeast(actor, grant.slice(5) as Role)));
}

/**
 * Refuses what `can` denies. Who may not even read the thing learns nothing about it: the answer is the one for a thing that
 * does not exist.
 * @param facts undefined when there is no such work or chapter.
 * @throws WorkNotFound, ChapterNotFound, NotYourWork, NotYourChapter, OnlyAuthorsWrite
 */
export function authorize(actor: Actor | undefined, action: Action, facts: Facts | undefined): void {
  if (facts && can(actor, action, facts)) return;
  if (action === 'work:create') throw new OnlyAuthorsWrite();
  const isWork = action.startsWith('work:');
  const isKnown = facts && can(actor, isWork ? 'work:read' : 'chapter:read', facts);
  if (!isKnown || action.includes(':read')) throw isWork ? new WorkNotFound() : new ChapterNotFound();
  throw isWork ? new NotYourWork() : new NotYourChapter();
}

/** The account whose memberships count when things are read: none for a visitor or a client without the scope. */
export function readerId(actor: Actor | undefined): string | null {
  return actor && hasScope(actor, 'chapters:read') ? actor.id : null;
}
