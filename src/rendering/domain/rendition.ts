import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import type { Job } from '#libs/kernel/outbox';
import { NOT_TAKEN_DOWN, putBack, takenDown, type TakeDownState } from '#libs/kernel/take-down';
import { type Fields, keyOf } from './keys.js';
import type { FittedPicture } from './scene.js';
import type { ScriptBlocks } from './script.js';

/** What a film is made of, as it was asked for: two equal wishes are one rendition. */
export interface Wish {
  chapterId: string;
  workId: string;
  /** Whose chapter it is: its errands use up that author's turns, its length that author's quota. */
  authorId: string;
  /** The one revision it films; what is published later is another film. */
  revision: number;
  title: string;
  language: string;
  voice: string;
  /** Who speaks a scene in which that voice fails for good; null when the film shall fail then. */
  fallbackVoice: string | null;
  theme: string;
  /** Object key of the cover at that moment. */
  cover: string | null;
  /** What the chapter's script then said of the blocks of this revision. */
  script: ScriptBlocks;
  /** Version of the work's lexicon; 0 is empty. */
  lexicon: number;
  /** How long it will be, guessed from the text; counted until its length is known. */
  expectedSeconds: number;
}

export interface RenditionState extends Wish, TakeDownState {
  id: string;
  /** sha256 over the wish. */
  wishKey: string;
  /** Who asked; null when publishing did. */
  requestedBy: string | null;
  state: 'planning' | 'rendering' | 'assembling' | 'ready' | 'failed' | 'cancelled';
  /** Fingerprint of the engine that draws it, part of every segment's key. */
  engine: string | null;
  /** Fingerprint of all tools together: only workers with the same one touch it once it is planned. */
  studio: string | null;
  /** The fitted picture behind the text. */
  picture: FittedPicture | null;
  /** The fitted pictures of blocks that have their own, by the sha256 of what was uploaded. */
  pictures: Record<string, FittedPicture>;
  /** All frames of the film; known once every scene is narrated. */
  framesPlanned: number | null;
  film: Film | null;
  /** Something in it is not as it was wished for: the next request of the same wish is another film, made as well as it can be then. */
  degraded: boolean;
  /** What could not be done as wished, and why it failed: sentences for the author. */
  warnings: string[];
  failure: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

/** The finished files, by the sha256 of their bytes. */
export interface Film {
  sha256: string;
  bytes: number;
  frames: number;
  seconds: number;
  poster: string;
  webvtt: string;
  srt: string;
  cues: string;
}

/** A film of a thousand scenes may have as many; nobody reads more of them. */
const MOST_WARNINGS = 50;

/** A film that lacks no more is an edit of one that was made. */
const SCENES_OF_AN_EDIT = 2;

/**
 * One film of one revision. Asked for in the web process, which only records it; planned, narrated, drawn and assembled by
 * workers, each scene an errand. It ends ready, failed or cancelled, and a finished film never changes again.
 */
export class Rendition {
  private constructor(private readonly state: RenditionState) {}

  static request(wish: Wish, by: string | null, now: Date): Rendition {
    return new Rendition({
      ...wish,
      id: newId(now.getTime()),
      wishKey: wishKey(wish),
      requestedBy: by,
      state: 'planning',
      engine: null,
      studio: null,
      picture: null,
      pictures: {},
      framesPlanned: null,
      film: null,
      degraded: false,
      warnings: [],
      failure: null,
      createdAt: now,
      finishedAt: null,
      ...NOT_TAKEN_DOWN,
    });
  }

  static restore(state: RenditionState): Rendition {
    return new Rendition({ ...state, warnings: [...state.warnings] });
  }

  /** @returns false when it is planned already or over: an errand done twice. */
  beginRendering(by: { picture: string; studio: string }, pictured: Pick<RenditionState, 'picture' | 'pictures'>): boolean {
    if (this.state.state !== 'planning') return false;
    Object.assign(this.state, { state: 'rendering', engine: by.picture, studio: by.studio, ...pictured });
    return true;
  }

  /** No worker can go on with it as it was begun: it begins anew, whole. @returns false when it is not under way */
  planAgain(): boolean {
    if (this.state.state !== 'rendering' && this.state.state !== 'assembling') return false;
    Object.assign(this.state, { state: 'planning', engine: null, studio: null, framesPlanned: null });
    Object.assign(this.state, { picture: null, pictures: {} });
    Object.assign(this.state, { degraded: false, warnings: [] });
    return true;
  }

  /** Every scene has its length now. */
  measured(frames: number): void {
    this.state.framesPlanned = frames;
  }

  /** @returns whether the last scene came in just now, so that whoever asks assembles. */
  beginAssembling(): boolean {
    if (this.state.state !== 'rendering') return false;
    this.state.state = 'assembling';
    return true;
  }

  /** An artefact turned out damaged: its scene is made again, the rest stays. */
  backToRendering(): void {
    if (this.state.state === 'assembling') this.state.state = 'rendering';
  }

  /** @param by the studio that assembled it: a film that was begun anew meanwhile is not what it knew. */
  finish(film: Film, by: string | null, now: Date): RenditionReady | undefined {
    if (this.state.state !== 'assembling' || this.state.studio !== by) return undefined;
    if (film.frames !== this.state.framesPlanned) throw new FramesMissing(film.frames, this.state.framesPlanned);
    Object.assign(this.state, { state: 'ready', film, finishedAt: now });
    const { id, chapterId, workId, revision } = this.state;
    return {
      type: 'RenditionReady',
      v: 1,
      subject: { kind: 'rendition', id },
      about: [id, chapterId, workId],
      data: { chapterId, revision, sha256: film.sha256, frames: film.frames },
    };
  }

  fail(why: string, now: Date): RenditionFailed | undefined {
    if (this.isOver) return undefined;
    Object.assign(this.state, { state: 'failed', failure: why, finishedAt: now });
    const { id, chapterId, workId } = this.state;
    return {
      type: 'RenditionFailed',
      v: 1,
      subject: { kind: 'rendition', id },
      about: [id, chapterId, workId],
      data: { chapterId, why },
    };
  }

  cancel(now: Date): void {
    if (this.isOver) throw new RenditionOver(this.state.state);
    Object.assign(this.state, { state: 'cancelled', finishedAt: now });
  }

  /** Its chapter was taken back: nobody is to see it, so nobody need make it. @returns false when it is over already. */
  withdraw(now: Date): boolean {
    if (this.isOver) return false;
    const failure = 'The chapter was taken back while it was filmed: publish it and ask again.';
    Object.assign(this.state, { state: 'cancelled', failure, finishedAt: now });
    return true;
  }

  /** By an admin, in whatever state it is: readers do not see it until it is put back. @throws AlreadyTakenDown, TakeDownReasonNeeded */
  takeDown(reason: string, now: Date): RenditionTakenDown {
    Object.assign(this.state, takenDown(this.state, reason, now));
    const { id, chapterId, workId, revision, takenDownBecause } = this.state;
    return {
      type: 'RenditionTakenDown',
      v: 1,
      subject: { kind: 'rendition', id },
      about: [id, chapterId, workId],
      data: { chapterId, revision, reason: takenDownBecause! },
    };
  }

  /** By an admin. @throws NotTakenDown */
  putBack(): RenditionPutBack {
    Object.assign(this.state, putBack(this.state));
    const { id, chapterId, workId, revision } = this.state;
    return {
      type: 'RenditionPutBack',
      v: 1,
      subject: { kind: 'rendition', id },
      about: [id, chapterId, workId],
      data: { chapterId, revision },
    };
  }

  degrade(warning: string): void {
    this.state.degraded = true;
    this.warn([warning]);
  }

  warn(warnings: readonly string[]): void {
    const { warnings: known } = this.state;
    for (const warning of warnings) if (!known.includes(warning) && known.length < MOST_WARNINGS) known.push(warning);
  }

  /** For those who watch it: its state is another than before. */
  changed(): RenditionChanged {
    const { id, chapterId, workId, state } = this.state;
    return {
      type: 'RenditionChanged',
      v: 1,
      subject: { kind: 'rendition', id },
      about: [id, chapterId, workId],
      data: { state },
    };
  }

  /** Anybody plans; whoever goes on must have the tools that it was planned for. */
  errand(queue: 'render.plan' | 'render.assemble', type: string): Job<{ rendition: string }> {
    const { id, chapterId, workId } = this.state;
    const about = [id, chapterId, workId];
    return { type, v: 1, queue, ...this.turn(), subject: { kind: 'rendition', id }, about, data: { rendition: id } };
  }

  /**
   * Who may do its errands, and when: authors take turns, and one who has none under way need not wait for others' to end. Somebody waits
   * for an edit: its scenes have two turns of their own, so that they are behind no long film of the same author, and drawn side by side.
   * @param scene its place in the film
   * @param lacking how many scenes are, or were, to be made for this film
   */
  turn(scene = 0, lacking = Infinity): Pick<Job, 'workerGroup' | 'fairnessKey' | 'fastQueue'> {
    const { studio, authorId } = this.state;
    const fairnessKey = lacking > SCENES_OF_AN_EDIT ? authorId : `${authorId} edit ${scene % 2}`;
    return { workerGroup: studio ?? undefined, fairnessKey, fastQueue: 'render.express' };
  }

  get id(): string {
    return this.state.id;
  }
  get isOver(): boolean {
    return ['ready', 'failed', 'cancelled'].includes(this.state.state);
  }

  snapshot(): Readonly<RenditionState> {
    return { ...this.state, warnings: [...this.state.warnings] };
  }
}

export function wishKey({ script, fallbackVoice, ...wish }: Wish): string {
  const { chapterId, revision, language, voice, theme, cover, title, lexicon } = wish;
  const asked = { chapterId, revision, language, voice, theme, cover, title, lexicon, script: script as Fields };
  return keyOf({ ...asked, ...(fallbackVoice && { fallbackVoice }) });
}

export type RenditionReady = {
  type: 'RenditionReady';
  v: 1;
  subject: { kind: 'rendition'; id: string };
  about: string[];
  data: { chapterId: string; revision: number; sha256: string; frames: number };
};
export type RenditionFailed = {
  type: 'RenditionFailed';
  v: 1;
  subject: { kind: 'rendition'; id: string };
  about: string[];
  data: { chapterId: string; why: string };
};
export type RenditionChanged = {
  type: 'RenditionChanged';
  v: 1;
  subject: { kind: 'rendition'; id: string };
  about: string[];
  data: { state: RenditionState['state'] };
};

export type RenditionTakenDown = {
  type: 'RenditionTakenDown';
  v: 1;
  subject: { kind: 'rendition'; id: string };
  about: string[];
  data: { chapterId: string; revision: number; reason: string };
};
export type RenditionPutBack = {
  type: 'RenditionPutBack';
  v: 1;
  subject: { kind: 'rendition'; id: string };
  about: string[];
  data: { chapterId: string; revision: number };
};

class FramesMissing extends Error {
  constructor(frames: number, planned: number | null) {
    super(`The film has ${frames} frames, but ${planned} were planned.`);
  }
}
export class RenditionNotFound extends DomainError {
  readonly code = 'rendition-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such rendition, or it is not ready for you yet.');
  }
}
export class FilmNotShown extends DomainError {
  readonly code = 'film-not-shown';
  readonly kind = 'conflict';
  constructor() {
    super('Readers do not see this film, so there is no link to it: publish the chapter, or fetch film.mp4 with your token.');
  }
}
export class FilmTakenDown extends DomainError {
  readonly code = 'film-taken-down';
  readonly kind = 'conflict';
  constructor(reason: string) {
    super(
      'An admin took down a film of this revision, so there is no other until that is put back: publish another revision, or write to the people who run this site.',
      { reason },
    );
  }
}
export class RenditionOver extends DomainError {
  readonly code = 'rendition-over';
  readonly kind = 'conflict';
  constructor(state: string) {
    super(`The rendition is ${state} already, so it cannot be cancelled.`, { state });
  }
}
export class OnlyAuthorsFilm extends DomainError {
  readonly code = 'only-authors-film';
  readonly kind = 'forbidden';
  constructor() {
    super('Only the author of a chapter may have it filmed.');
  }
}
export class NothingToFilm extends DomainError {
  readonly code = 'nothing-to-film';
  readonly kind = 'conflict';
  constructor() {
    super('The chapter is not published: publish a revision, then ask for its film.');
  }
}
export class UnknownTheme extends DomainError {
  readonly code = 'unknown-theme';
  readonly kind = 'invalid';
  constructor(known: readonly string[]) {
    super(`There is no such theme: choose one of ${known.join(', ')}.`, { known });
  }
}
