/** What rendering removes of a chapter or work that was erased. */
import type { RenditionState } from './rendition.js';

/** A film's identity, as its event names it. */
export type ErasedFilm = Pick<RenditionState, 'id' | 'chapterId' | 'workId'>;

export type RenditionErased = {
  type: 'RenditionErased';
  v: 1;
  subject: { kind: 'rendition'; id: string };
  about: string[];
  data: { chapterId: string };
  erased: true;
};

export function renditionErased({ id, chapterId, workId }: ErasedFilm): RenditionErased {
  const about = [id, chapterId, workId];
  return { type: 'RenditionErased', v: 1, subject: { kind: 'rendition', id }, about, data: { chapterId }, erased: true };
}

/** Each step is short: a chapter may have hundreds of films. Objects are deleted by the sweep, as nothing names them any more. */
export abstract class FilmErasure {
  abstract filmsOf(chapterId: string, limit: number): Promise<ErasedFilm[]>;
  /** Removes a film with its scenes, and the sounds, segments and paid speech that no other film has. */
  abstract removeFilm(id: string): Promise<void>;
  /** Removes what was written for the films of a chapter. */
  abstract removeScript(chapterId: string): Promise<void>;
  /** Removes settings, lexicon and pictures of a work; its films go with its chapters. */
  abstract removeWork(workId: string): Promise<void>;
}
