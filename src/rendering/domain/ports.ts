import type { Fields } from './keys.js';
import type { PlannedScene } from './plan.js';
import type { Film, Rendition, Wish } from './rendition.js';
import type { CaptionPage, Motion, Theme } from './scene.js';

/** One scene of one film: what it says, and the artefacts it is made of once they are known. */
export interface PartState {
  rendition: string;
  idx: number;
  scene: PlannedScene;
  blocks: string[];
  soundKey: string;
  /** Whether the sound was there before this film asked for it. */
  soundReused: boolean;
  /** Known when the sound is: it decides the scene's length. */
  segmentKey: string | null;
  segmentReused: boolean | null;
  frames: number | null;
}

export abstract class RenditionRepository {
  /** Locks it until the unit of work ends. @throws RenditionNotFound */
  abstract get(id: string): Promise<Rendition>;
  abstract save(rendition: Rendition): Promise<void>;
  /** A film of the same wish that is not failed or cancelled. Waits for one that is being requested this moment. */
  abstract ofWish(wish: Wish): Promise<Rendition | undefined>;
  abstract addParts(parts: PartState[]): Promise<void>;
  abstract parts(rendition: string): Promise<PartState[]>;
  abstract saveParts(parts: PartState[]): Promise<void>;
  /** Films under way that have a scene made of this artefact. */
  abstract using(key: string): Promise<string[]>;
}

export type ArtefactKind = 'picture' | 'sound' | 'segment';

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
}

/** The register input key → output. Leases are compared with Postgres `now()`, so workers with skewed clocks agree. */
export abstract class Artefacts {
  /** Makes sure there is a row. @returns those that are ready already. */
  abstract want(kind: ArtefactKind, wanted: { key: string; fields: Fields; frames?: number }[]): Promise<Set<string>>;
  abstract fields(keys: string[]): Promise<Map<string, Fields>>;
  abstract ready(keys: string[]): Promise<Map<string, Output>>;
  /** Ten seconds of sole right to make it; undefined when it is ready or somebody else has it. */
  abstract claim(key: string): Promise<Claim | undefined>;
  /** Ten seconds more, and how far it is. @returns false when the lease was lost. */
  abstract renew(claim: Claim, framesEncoded?: number): Promise<boolean>;
  /** @returns false, changing nothing, when the lease was lost. */
  abstract finish(claim: Claim, output: Output): Promise<boolean>;
  abstract release(claim: Claim): Promise<void>;
  /** Its object is missing or damaged: it is not ready any more. */
  abstract void(key: string): Promise<void>;
}

export interface PictureMade {
  sha256: string;
  bytes: number;
  width: number;
  height: number;
}

export interface SoundMade {
  sha256: string;
  bytes: number;
  frames: number;
  /** For each span, for each token: start and end in seconds. */
  times: [number, number][][];
  warnings: string[];
}

export interface SegmentWish {
  frames: number;
  picture: { sha256: string; width: number; height: number };
  motion: Motion;
  pages: readonly CaptionPage[];
  theme: Theme;
  language: string;
}

/** An artefact's object is not there or not what its hash says. */
export class Damaged extends Error {
  constructor(readonly sha256: string) {
    super(`The stored object ${sha256} is missing or damaged.`);
  }
}

/** What makes pictures, sound and films, and keeps them in the object store by the sha256 of their bytes. */
export abstract class Studio {
  /** Fingerprints of this machine's tools: equal ones make equal bytes. */
  abstract engine(): Promise<{ picture: string; fitting: string; sound: string }>;
  /** @throws UnknownVoice, VoiceNotInstalled, NoVoiceForLanguage … each names what to do */
  abstract voiceOf(id: string, language: string): { id: string; fingerprint: string };
  abstract fitPicture(cover: string | null, gradient: Theme['gradient']): Promise<PictureMade>;
  abstract narrate(scene: PlannedScene, voice: string, language: string, key: string, signal: AbortSignal): Promise<SoundMade>;
  abstract draw(
    wish: SegmentWish,
    key: string,
    onFrames: (frames: number) => void,
    signal: AbortSignal,
  ): Promise<{ sha256: string; bytes: number; frames: number }>;
  /** @throws Damaged */
  abstract assemble(
    scenes: readonly { segment: string; sound: string; captions: readonly CaptionPage[]; frames: number }[],
    poster: SegmentWish,
    language: string,
  ): Promise<Film>;
}

/** Which voice a film of this language can have here: asked when it is requested, so that a missing voice is told at once. */
export abstract class Voices {
  abstract choose(language: string, wanted: string | undefined): string;
}

/** What an author has set for a work. */
export interface SettingsState {
  workId: string;
  /** Film each chapter when it is published. */
  onPublish: boolean;
  voice: string | null;
  theme: string;
  version: number;
}

export abstract class SettingsRepository {
  /** Defaults until something is set. Locks within a unit of work. */
  abstract get(workId: string): Promise<SettingsState>;
  abstract save(settings: SettingsState): Promise<void>;
}
