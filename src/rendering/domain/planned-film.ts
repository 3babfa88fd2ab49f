import { soundFields, type VoiceIdentity } from './artefacts.js';
import { type Fields, keyOf } from './keys.js';
import type { LexiconEntry } from './lexicon.js';
import { type PlanBlock, planOf, type PlannedScene, speakerOf } from './plan.js';
import type { ScriptBlocks } from './script.js';

/** All that the scenes of a film and their sounds follow from, as plain data: it is sent to a thread. */
export interface PlanRequest {
  readonly blocks: readonly PlanBlock[];
  readonly language: string;
  readonly script: ScriptBlocks;
  readonly lexicon: readonly LexiconEntry[];
  readonly voice: string;
  /** Of that voice and of those in the script. */
  readonly identities: Readonly<Record<string, VoiceIdentity>>;
  /** Fingerprint of what comes after the voice. */
  readonly chain: string;
}

export interface PlannedFilm {
  readonly scenes: readonly PlannedScene[];
  /** The sound of each scene, in order. */
  readonly sounds: readonly { key: string; fields: Fields }[];
}

/** Runs `plannedFilm` away from the event loop: workers hold leases on theirs. */
export abstract class ScenePlanner {
  /** @throws NothingToNarrate */
  abstract plan(request: PlanRequest): Promise<PlannedFilm>;
}

/** @throws NothingToNarrate */
export function plannedFilm({ blocks, language, script, lexicon, voice, identities, chain }: PlanRequest): PlannedFilm {
  const { scenes } = planOf(blocks, language, { script, lexicon });
  const sounds = scenes.map((scene) => {
    const fields = soundFields(scene, identities[speakerOf(scene, voice)], language, chain);
    return { key: keyOf(fields), fields };
  });
  return { scenes, sounds };
}
