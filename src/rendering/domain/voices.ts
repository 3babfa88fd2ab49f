import { DomainError } from '#libs/kernel/domain-error';

/**
 * A voice is named `<engine>:<name>`: `flite:rms`, `espeak:cmn`, `api:af_heart`. Which of them can speak here and now depends on
 * what is installed; see infrastructure/sound/voices.ts.
 */
export type Engine = 'flite' | 'espeak' | 'api';

export interface Voice {
  readonly id: string;
  readonly engine: Engine;
  /** What the engine calls it. */
  readonly name: string;
  /** Primary language tags it is meant for; `*` when it can be asked for any. */
  readonly languages: readonly string[];
  /** A draft voice is for drafts: understandable, not pleasant. */
  readonly draft: boolean;
}

export class UnknownVoice extends DomainError {
  readonly code = 'unknown-voice';
  readonly kind = 'invalid';
  constructor(voice: string, known: readonly string[]) {
    super(`There is no voice "${voice.slice(0, 80)}". GET /v1/voices lists them, for example ${known.slice(0, 3).join(', ')}.`, {
      voice,
      known,
    });
  }
}

/** The optional package or the server that this voice needs is not there. */
export class VoiceNotInstalled extends DomainError {
  readonly code = 'voice-not-installed';
  readonly kind = 'unavailable';
  constructor(voice: string, fix: string) {
    super(`The voice "${voice.slice(0, 80)}" is not installed on this server. ${fix}`, { voice });
  }
}

export class NoVoiceForLanguage extends DomainError {
  readonly code = 'no-voice-for-language';
  readonly kind = 'unavailable';
  constructor(language: string, fix: string) {
    super(`No voice here speaks "${language.slice(0, 40)}". ${fix}`, { language });
  }
}

export class VoiceSpeaksOtherLanguages extends DomainError {
  readonly code = 'voice-speaks-other-languages';
  readonly kind = 'invalid';
  constructor(voice: string, language: string, instead: string) {
    super(`The voice "${voice}" cannot read "${language.slice(0, 40)}". ${instead}`, { voice, language });
  }
}

/** A voice was asked and gave no usable sound. Another may be asked instead, if the author wants that. */
export class VoiceFailed extends Error {
  constructor(
    sentence: string,
    /** A later attempt may succeed; otherwise somebody has to change something. */
    readonly temporary: boolean,
  ) {
    super(sentence);
  }
}
