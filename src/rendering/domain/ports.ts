import { DomainError } from '#libs/kernel/domain-error';
import type { Rates } from './foresight.js';
import type { Fields } from './keys.js';
import type { LexiconState } from './lexicon.js';
import type { PlannedScene } from './plan.js';
import type { Mishaps, VoiceIdentity } from './artefacts.js';
import type { Quota, Use } from './quota.js';
import type { Film, Rendition, Wish } from './rendition.js';
import type { CaptionPage, FittedPicture, Motion, Theme } from './scene.js';
import type { Script } from './script.js';

/** One scene of one film: what it says, and the artefacts it is made of once they are known. */
export interface PartState {
  rendition: string;
  idx: number;
  scene: PlannedScene;
  blocks: string[];
  /** Speaks this scene, as the film's own voice failed in it; mostly null. */
  voice: string | null;
  soundKey: string;
  /** Whether the sound was there before this film asked for it. */
  soundReused: boolean;
  /** Known when the sound is: it decides the scene's length. */
  segmentKey: string | null;
  segmentReused: boolean | null;
  frames: number | null;
  /** Its picture could not be drawn: a plain card stands in its place. */
  card: boolean;
}

export abstract class RenditionRepository {
  /** Locks it until the unit of work ends. @throws RenditionNotFound */
  abstract get(id: string): Promise<Rendition>;
  abstract save(rendition: Rendition): Promise<void>;
  /** Why an admin took down a film of this revision; undefined when none is. */
  abstract takenDownBecause(chapterId: string, revision: number): Promise<string | undefined>;
  /** A film of the same wish that is not failed, cancelled or finished worse than wished. Waits for one that is being requested this moment. */
  abstract ofWish(wish: Wish): Promise<Rendition | undefined>;
  abstract addParts(parts: PartState[]): Promise<void>;
  /** @param artefact only those whose sound or segment it is */
  abstract parts(rendition: string, artefact?: string): Promise<PartState[]>;
  /** Its length once every scene has one, whether every scene is drawn, and how many were not there when it was planned. */
  abstract standing(rendition: string): Promise<{ frames: number | null; drawn: boolean; lacking: number }>;
  abstract saveParts(parts: PartState[]): Promise<void>;
  abstract removeParts(rendition: string): Promise<void>;
  /** Films under way that nobody with their tools has been there for, for so long. */
  abstract orphans(seconds: number): Promise<string[]>;
  /** Films under way that have a scene made of this artefact. */
  abstract using(key: string): Promise<string[]>;
  /** Whether a film under way has a scene made of this artefact, or will, once it hears that the scene's sound is there. */
  abstract isWanted(key: string): Promise<boolean>;
  /** Films of a chapter that are neither finished nor given up. */
  abstract underWay(chapterId: string): Promise<string[]>;
  /** What an author has asked for. Until the unit of work ends, nobody else is told about the same author. */
  abstract useBy(authorId: string): Promise<Use>;
}

/** How much one author may ask for here: configuration. */
export abstract class Quotas {
  abstract readonly ofAnAuthor: Quota;
}

/** `speech` is what a speech server answered to one request: raw, and never asked for again. */
export type ArtefactKind = 'picture' | 'speech' | 'sound' | 'segment';

/** What an artefact is, once it is there: an object of that sha256 and what is known about it. */
export interface Output {
  sha256: string;
  bytes: number;
  frames: number | null;
  facts: Fields;
}

export interface Claim {
  key: string;
  /** Raised by each claim: who lost the lease can no longer finish. */
  epoch: number;
  /** Frames that have left the encoder in this attempt. */
  frames: number;
}

/** How an attempt to make an artefact ended without one. `crashed`: a program died or stood still over it. */
export interface Ending {
  outcome: 'given back' | 'unwanted' | 'failed' | 'crashed';
  why?: string;
}

/** The register input key → output. Leases are compared with Postgres `now()`, so workers with skewed clocks agree. */
export abstract class Artefacts {
  /** Makes sure there is a row. @returns those that are ready already; they stay so for the part that is saved in this unit of work. */
  abstract want(kind: ArtefactKind, wanted: { key: string; fields: Fields; frames?: number }[]): Promise<Set<string>>;
  abstract fields(keys: string[]): Promise<Map<string, Fields>>;
  abstract ready(keys: string[]): Promise<Map<string, Output>>;
  /** Ten seconds of sole right to make it; undefined when it is ready or somebody else has it. */
  abstract claim(key: string): Promise<Claim | undefined>;
  /** Ten seconds more, and how far it is. @returns false when the lease was lost. */
  abstract renew(claim: Claim): Promise<boolean>;
  /** @returns false, changing nothing, when the lease was lost. */
  abstract finish(claim: Claim, output: Output): Promise<boolean>;
  /** Keeps stored objects from being swept until they are registered, which is to be in the same unit of work. */
  abstract hold(sha256s: readonly string[]): Promise<void>;
  abstract release(claim: Claim, ending: Ending): Promise<void>;
  /** Its object is missing or damaged: it is not ready any more. */
  abstract void(key: string): Promise<void>;
  /** How its attempts went wrong, since `forgive`. */
  abstract mishaps(key: string): Promise<Mishaps>;
  abstract forgive(key: string): Promise<void>;
  /** Frees what is leased to nobody any more. */
  abstract lapsed(): Promise<{ key: string; kind: ArtefactKind }[]>;
  /** A worker with these tools is here now. */
  abstract present(studio: string): Promise<void>;
}

export interface PictureMade extends FittedPicture {
  bytes: number;
}

/** While a scene is drawn. */
export interface Drawing {
  readonly onFrames: (frames: number) => void;
  /** All of it is drawn, and its encoder only finishes: another scene would begin now. */
  readonly onPoured?: () => void;
  readonly signal: AbortSignal;
  /** Whether a film begins with this scene: its poster is made in passing. */
  readonly first: boolean;
}

export interface SoundMade {
  sha256: string;
  bytes: number;
  frames: number;
  /** For each span, for each token: start and end in seconds. */
  times: [number, number][][];
  warnings: string[];
  /** Of each 100 ms: the film's loudness is made of those of its scenes. */
  energies: number[];
  /** CPU seconds of all processes that took part; undefined where that cannot be read. */
  cpu?: number;
}

export interface SceneFiles {
  segment: string;
  sound: string;
  energies: readonly number[];
  captions: readonly CaptionPage[];
  frames: number;
}

export interface SegmentWish {
  frames: number;
  /** Null for the theme's gradient. */
  picture: FittedPicture | null;
  motion: Motion;
  pages: readonly CaptionPage[];
  theme: Theme;
  language: string;
}

/** Objects that are not there or not what their hashes say. */
export class Damaged extends Error {
  constructor(readonly objects: readonly string[]) {
    super(`Stored objects are missing or damaged: ${objects.join(', ')}.`);
  }
}

/** The cover cannot be the picture; the message says why, and what its author may do. */
export class UnusableCover extends Error {}

/** This scene's picture cannot be drawn, here or anywhere. */
export class Undrawable extends Error {}

/** It may pass, so it is tried again; if it does not, the author is told. */
export class NoRoom extends DomainError {
  readonly code = 'no-room';
  readonly kind = 'unavailable';
  constructor(said: string) {
    super(
      `The disk that films are made on is full: free some of it or give it more room, then ask for the film again (${said}).`,
    );
  }
}

/** The program that was making it died or stood still: chance, or the scene itself if it happens again and again. */
export class Crashed extends Error {}

/** Control over jobs that were sent and are not done yet: libs/events/jobs.ts. */
export abstract class JobControl {
  /** Delivers the open jobs of a queue about these subjects again. */
  abstract redeliver(queue: string, subjects: string[]): Promise<void>;
  /** Takes back the open jobs of a worker group about this subject. */
  abstract cancel(workerGroup: string, about: string): Promise<void>;
}

/** Fingerprints of what a worker makes films with, by what they decide. */
export interface Tools {
  picture: string;
  fitting: string;
  sound: string;
  /** Of all of them together. */
  studio: string;
}

/** What makes pictures, sound and films, and keeps them in the object store by the sha256 of their bytes. */
export abstract class Studio {
  /** Fingerprints of this machine's tools: equal ones make equal bytes. `studio` is that of all of them together. */
  abstract engine(): Promise<Tools>;
  /** Clears what killed workers left on this machine: encoders and files. */
  abstract tidy(): Promise<void>;
  /** @throws UnknownVoice, VoiceNotInstalled, NoVoiceForLanguage … each names what to do */
  abstract voiceOf(id: string, language: string): VoiceIdentity;
  /** @param source object key of a picture; null for the gradient. @throws UnusableCover */
  abstract fitPicture(source: string | null, gradient: Theme['gradient']): Promise<PictureMade>;
  abstract narrate(scene: PlannedScene, voice: string, language: string, key: string, signal: AbortSignal): Promise<SoundMade>;
  /** @throws Damaged when it is the picture; Crashed, Undrawable */
  abstract draw(
    wish: SegmentWish,
    key: string,
    watch: Drawing,
  ): Promise<{ sha256: string; bytes: number; frames: number; cpu?: number }>;
  /** @throws Damaged */
  abstract assemble(scenes: readonly SceneFiles[], poster: SegmentWish, language: string): Promise<Film>;
  /** A film is finished, and its author may soon want a word of it spoken otherwise, by the same voice. */
  abstract standBy(voice: string, language: string): Promise<void>;
}

/** Which voice a film of this language can have here: asked when it is requested, so that a missing voice is told at once. */
export abstract class Voices {
  abstract choose(language: string, wanted: string | undefined): string;
  /** What of a voice goes into keys. @throws as `choose` */
  abstract identity(id: string, language: string): VoiceIdentity;
}

/** What an author has set for a work. */
export interface SettingsState {
  workId: string;
  /** Film each chapter when it is published. */
  onPublish: boolean;
  voice: string | null;
  /** Speaks where that one fails; null when a film shall fail then. */
  fallbackVoice: string | null;
  theme: string;
  version: number;
}

export abstract class SettingsRepository {
  /** Defaults until something is set. Locks within a unit of work. */
  abstract get(workId: string): Promise<SettingsState>;
  abstract save(settings: SettingsState): Promise<void>;
}

/** What an author wants otherwise in the film of a chapter. */
export abstract class ScriptRepository {
  /** An empty one until something is written. Locks within a unit of work. */
  abstract get(chapterId: string, workId: string): Promise<Script>;
  abstract save(script: Script): Promise<void>;
}

/** How a work's words are pronounced; every version stays. */
export abstract class LexiconRepository {
  /** Locks within a unit of work. */
  abstract newest(workId: string): Promise<LexiconState>;
  abstract version(workId: string, version: number): Promise<LexiconState | undefined>;
  abstract add(lexicon: LexiconState, at: Date): Promise<void>;
}

/** Pictures that were uploaded for a work, by the sha256 of their bytes. */
export abstract class Pictures {
  abstract add(workId: string, picture: { sha256: string; objectKey: string; at: Date }): Promise<void>;
  /** @returns false when there is none. */
  abstract remove(workId: string, sha256: string): Promise<boolean>;
  /** Chapters of the work whose script shows it. */
  abstract chaptersWith(workId: string, sha256: string): Promise<string[]>;
  /** Object keys of those that are there. */
  abstract keys(workId: string, sha256s: readonly string[]): Promise<Map<string, string>>;
}

/** What workers tell about themselves, for those who ask what a film would take. */
export abstract class Experience {
  abstract tell(tools: Tools): Promise<void>;
  /** Those of the worker that was there last. */
  abstract tools(): Promise<Tools | undefined>;
  /** What a picture became when it was fitted, by the key of `pictureFields`: also long after it was swept away. */
  abstract noteFitted(key: string, picture: FittedPicture): Promise<void>;
  abstract fitted(keys: readonly string[]): Promise<Map<string, FittedPicture>>;
  /** What this work's newest scenes have cost, made by this voice and this engine. */
  abstract rates(workId: string, voice: string, engine: string): Promise<Rates>;
}
