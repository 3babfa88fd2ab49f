/**
 * Who may do what to comments: the only place where comments decides it.
 *
 *     authorize(by, 'comment:delete', { isOpen, isOwn: comment.isBy(by), moderates });
 */
import { type Actor, hasScope } from '#libs/kernel/actor';
import { OnlyAdminsTakeDown } from '#libs/kernel/take-down';
import { CommentNotFound, NotYourComment } from './comment.js';

/** What is known about the actor and the comment. */
export interface Facts {
  /** Its chapter is published. */
  isOpen: boolean;
  isOwn: boolean;
  /** Of the chapter: `Chapters.can(actor, 'chapter:moderate', …)`. */
  moderates: boolean;
}

const POLICY = {
  'comment:read': (_: Actor | undefined, { isOpen }: Facts) => isOpen,
  'comment:create': (actor: Actor | undefined, { isOpen }: Facts) => isOpen && hasScope(actor, 'comments:write'),
  'comment:delete': (actor: Actor | undefined, { isOwn, moderates }: Facts) =>
    hasScope(actor, 'comments:write') && (isOwn || moderates),
  'comment:read-taken-down': (actor: Actor | undefined, { isOwn }: Facts) => isOwn || hasScope(actor, 'admin'),
  'comment:take-down': (actor: Actor | undefined) => hasScope(actor, 'admin'),
};
export type Action = keyof typeof POLICY;

export function can(actor: Actor | undefined, action: Action, facts: Facts): boolean {
  return POLICY[action](actor, facts);
}

/** @throws CommentNotFound for who may not read it; NotYourComment, OnlyAdminsTakeDown for others. */
export function authorize(actor: Actor | undefined, action: Action, facts: Facts): void {
  if (can(actor, action, facts)) return;
  if (!can(actor, 'comment:read', facts)) throw new CommentNotFound();
  throw action === 'comment:take-down' ? new OnlyAdminsTakeDown() : new NotYourComment();
}
