import type { Weighed } from './word-times.js';

/** What an engine's child is asked, and what it answers. */
export interface SpeakRequest {
  /** The engine's own name of the voice. */
  readonly voice: string;
  readonly language: string;
  /** What to say, token by token. */
  readonly say: readonly string[];
  /** Which time this is asked for: an engine that answers from memory speaks a new take anew. */
  readonly take?: number;
  /** File to write: s16le, mono, at the engine's own rate. Not written when there is nothing to hear. */
  readonly out: string;
  /** It is a rehearsal: what is asked next will be waited for. */
  readonly standBy?: boolean;
}

export interface Spoken {
  readonly samples: number;
  readonly sampleRate: number;
  /** Seconds from the first sample, one pair a token; null where the engine does not know. */
  readonly times: readonly (readonly [start: number, end: number] | null)[];
  /** CPU seconds it took here; none for a server's work. */
  readonly cpu?: number;
}

/** Anything that speaks: a child process with an engine in it, or a server. */
export interface SpeechEngine {
  speak(request: SpeakRequest, signal?: AbortSignal): Promise<Spoken>;
}

/** What the mastering child is asked, and what it answers. */
export interface MasterRequest {
  readonly spans: readonly {
    /** As an engine wrote it; null when there is nothing to hear. */
    readonly file: string | null;
    readonly sampleRate: number;
    readonly times: readonly (readonly [number, number] | null)[] | null;
    readonly words: readonly Weighed[];
    readonly gain: { readonly level: number; readonly makeUp: number } | null;
    /** Seconds of silence after it. */
    readonly pause?: number;
  }[];
  /** File to write: s16le, 48 kHz, mono, whole AAC packets. */
  readonly out: string;
}

export interface MasterReply {
  readonly samples: number;
  readonly sha256: string;
  /** Seconds in the scene, one list of [start, end] a span. */
  readonly times: readonly (readonly (readonly [number, number])[])[];
  readonly silentSpans: readonly number[];
  /** LUFS, for the log. */
  readonly loudness: number;
  /** Of each 100 ms, K-weighted: the film's loudness is made of those of its scenes. */
  readonly energies: readonly number[];
  /** CPU seconds. */
  readonly cpu?: number;
}

/** Asks the mastering child for a mastered scene made louder or softer. */
export interface RelevelRequest {
  /** s16le, 48 kHz, mono, whole AAC packets. */
  readonly file: string;
  readonly gain: number;
  readonly out: string;
}

export interface RelevelReply {
  readonly samples: number;
  readonly energies: readonly number[];
}
