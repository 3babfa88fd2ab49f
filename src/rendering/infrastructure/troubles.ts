/** What the tools say when something goes wrong, in the words that decide what happens next. */
import { Crashed, NoRoom, Undrawable, UnusableCover } from '../domain/ports.js';
import { RenderFailed } from './picture/renderer.js';

const FULL = /\b(ENOSPC|EDQUOT)\b/;

/** @returns the error to throw; what is not known passes as it is. */
export function told(error: unknown): Error {
  const { message, code = '' } = error as NodeJS.ErrnoException;
  if (FULL.test(code) || FULL.test(message)) return new NoRoom(message);
  if (!(error instanceof RenderFailed)) return error as Error;
  if (error.kind === 'picture') return new UnusableCover(message);
  if (error.kind === 'scene') return new Undrawable(message);
  return error.kind === 'died' || error.kind === 'encoder' ? new Crashed(message) : error;
}
