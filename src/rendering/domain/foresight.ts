import { DomainError } from '#libs/kernel/domain-error';
import type { Fields } from './keys.js';
import type { PlannedScene } from './plan.js';
import { FRAME_RATE } from './scene.js';

/** A scene of a film that nobody has asked for yet. */
export interface ForeseenScene {
  readonly scene: PlannedScene;
  readonly sound: Foreseen;
  /** Without fields while the sound is not made: it decides how long the scene is, and when each word is lit. */
  readonly segment: Foreseen;
  /** As it will be, if its sound is there; else estimated. */
  readonly frames: number;
}

export interface Foreseen {
  readonly key: string | null;
  readonly fields: Fields | null;
  readonly isThere: boolean;
}

/** What making things has cost: CPU seconds of all processes that took part. */
export interface Rates {
  /** For one second of sound. */
  readonly sound: number;
  /** For one picture of a segment. */
  readonly frame: number;
  /** How long scenes became, as a multiple of what was estimated of them. */
  readonly length: number;
}

/** Measured on a shared core of 2020's; used until a work has films of its own, or where CPU time cannot be read. */
export const USUAL_RATES: Rates = { sound: 0.25, frame: 0.016, length: 1 };

export function lengthOf({ seconds }: PlannedScene, { length }: Rates): number {
  return Math.round(seconds * length * FRAME_RATE);
}

/** CPU seconds that a film would take. */
export function costOf(scenes: readonly ForeseenScene[], rates: Rates): { sound: number; picture: number } {
  const once = (kind: 'sound' | 'segment'): readonly ForeseenScene[] => {
    const seen = new Set<string>();
    // two scenes that are the same are made once
    return scenes.filter(({ [kind]: { key, isThere } }) => !isThere && (key === null || (!seen.has(key) && seen.add(key))));
  };
  const sum = (some: readonly ForeseenScene[]): number => some.reduce((all, { frames }) => all + frames, 0);
  return { sound: (sum(once('sound')) / FRAME_RATE) * rates.sound, picture: sum(once('segment')) * rates.frame };
}

/** Nobody knows with which tools a film would be made. */
export class NoWorkerYet extends DomainError {
  readonly code = 'no-worker-yet';
  readonly kind = 'unavailable';
  constructor() {
    super('No worker has been there yet, so nobody knows what it would make: start one (npm run worker), then ask again.');
  }
}
