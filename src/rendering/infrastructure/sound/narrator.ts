import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { speechFields, type VoiceIdentity } from '../../domain/artefacts.js';
import type { PlannedScene, Span } from '../../domain/plan.js';
import { written } from '../../domain/prose.js';
import type { TimedWord } from '../../domain/scene.js';
import { SAMPLES_PER_FRAME } from '../../domain/scene.js';
import type { Voice } from '../../domain/voices.js';
import { VoiceNotInstalled } from '../../domain/voices.js';
import { AAC_VERSION, BIT_RATE, decodeAac, encodeAac } from './aac.js';
import { sumOf } from '../cpu.js';
import { AskedChildren } from './asked-child.js';
import { MASTERING_VERSION } from './mastering.js';
import type { PaidSpeech } from './paid-speech.js';
import { SpeechApi } from './speech-api.js';
import type { SpeechServer } from './speech-api.js';
import type { MasterReply, RelevelReply, SpeechEngine, Spoken } from './speech.js';
import { weighed } from './word-times.js';
import { engineVoice, gainOf, voiceFingerprint } from './voices.js';

/**
 * Speaks scenes. Engines and mastering run in long-lived child processes of their own, encoding in ffmpeg; this process only
 * conducts, so that the worker keeps its leases. With an embedded voice the same scene gives the same bytes in every process.
 *
 * @example
 * const narrator = new Narrator({ ffmpeg: encoder.ffmpeg, ffmpegFingerprint: encoder.fingerprint });
 * const plan = planOf(blocks, 'en');
 * const voice = voiceFor('en', undefined);
 * const key = keyOf(soundFields(plan.scenes[0], narrator.identityOf(voice), 'en', narrator.chain));
 * const narration = await narrator.narrate({ scene: plan.scenes[0], voice, language: 'en', folder, name: key });
 * const pages = pagesOf(narration.words, narration.frames / FRAME_RATE);
 * narrator.close();
 */
export interface NarratorOptions {
  readonly ffmpeg: string;
  readonly ffmpegFingerprint: string;
  readonly server?: SpeechServer;
  /** Remembers what the server answered; without it every scene is asked for anew. */
  readonly paid?: PaidSpeech;
  /** Processes of each kind (default 1). */
  readonly processes?: number;
}

export interface NarrationJob {
  readonly scene: PlannedScene;
  readonly voice: Voice;
  readonly language: string;
  /** Gets `<name>.pcm` and `<name>.aac`, each whole or not at all. */
  readonly folder: string;
  readonly name: string;
}

export interface SoundFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Narration {
  /** s16le, 48 kHz, mono. */
  readonly pcm: SoundFile;
  /** ADTS; see `packetsOf`. */
  readonly aac: SoundFile;
  /** A multiple of 1,024. */
  readonly samples: number;
  readonly packets: number;
  /** Pictures needed to cover the sound. */
  readonly frames: number;
  readonly words: readonly TimedWord[];
  /** LUFS of this scene alone. */
  readonly loudness: number;
  /** Of each 100 ms: see `filmGain`. */
  readonly energies: readonly number[];
  /** For the author: what could not be spoken. */
  readonly warnings: readonly string[];
  /** CPU seconds of speaking, mastering and encoding; undefined where that cannot be read. */
  readonly cpu?: number;
}

/** Milliseconds for which those wait who will be asked: at the latest when somebody edits what was spoken. */
const STANDING_BY_MS = 5 * 60_000;
/** Enough for V8 to compile what speaking and mastering take. */
const REHEARSED_WORDS = 8;

export class Narrator {
  /** What each voice said last. */
  private readonly said = new Map<string, NarrationJob>();
  private rehearsal?: AbortController;
  private readonly embedded = new Map<Voice['engine'], AskedChildren>();
  private readonly engines = new Map<Voice['engine'], SpeechEngine>();
  private readonly children: AskedChildren[] = [];
  private readonly mastering: AskedChildren;

  constructor(private readonly options: NarratorOptions) {
    this.embed('flite', new URL('./flite.child.js', import.meta.url));
    this.embed('espeak', new URL('./espeak.child.js', import.meta.url));
    if (options.server) this.engines.set('api', new SpeechApi(options.server));
    this.mastering = this.childrenOf(new URL('./sound.child.js', import.meta.url));
  }

  /** Fingerprint of everything between an engine's sound and the packets; part of every sound's key. */
  get chain(): string {
    return `mastering ${MASTERING_VERSION}, aac ${AAC_VERSION} ${BIT_RATE}, ffmpeg ${this.options.ffmpegFingerprint}`;
  }

  identityOf(voice: Voice): VoiceIdentity {
    return { id: voice.id, fingerprint: voiceFingerprint(voice, { api: this.options.server }) };
  }

  /** Pids of the children that run now. */
  get pids(): number[] {
    return this.children.flatMap((children) => children.pids);
  }

  /** @throws ChildLost, SpeechServerFailed (temporary: another try may do), ChildRefused */
  narrate(job: NarrationJob, signal?: AbortSignal): Promise<Narration> {
    this.said.set(job.voice.id, job);
    this.rehearsal?.abort();
    return this.sound(job, signal);
  }

  /** Writes a scene's packets anew, louder or softer. @returns its energies then */
  async relevel(aac: Buffer, gain: number, out: string, signal?: AbortSignal): Promise<readonly number[]> {
    const [before, after] = [`${out}.pcm`, `${out}.loud.pcm`];
    try {
      await writeFile(before, await decodeAac(this.options.ffmpeg, aac, signal));
      const { samples, energies } = await this.mastering.ask<RelevelReply>({ file: before, gain, out: after });
      await encodeAac(this.options.ffmpeg, after, samples, out, signal);
      return energies;
    } finally {
      await Promise.all([before, after].map((file) => rm(file, { force: true })));
    }
  }

  /**
   * A film is finished, and its author may well change a word of it: to start and to speak the first words takes an engine most of a
   * second, so its voice says some of what it said last, and what the next scene needs is made ready. Until pictures are drawn again,
   * nobody else needs the memory.
   */
  async standBy(voice: Voice): Promise<void> {
    if (this.rehearsal) return;
    const { signal } = (this.rehearsal = new AbortController());
    await this.rehearse(voice, signal).catch(() => undefined); // told when it matters
    this.rehearsal = undefined;
    if (!signal.aborted) for (const children of [this.embedded.get(voice.engine), this.mastering]) children?.wake(STANDING_BY_MS);
  }

  /** Pictures are drawn: who has nothing to say leaves. */
  rest(): void {
    this.rehearsal?.abort();
    for (const children of this.children) children.rest();
  }

  /** Ends all child processes now. */
  close(): void {
    for (const children of this.children) children.kill();
  }

  private async rehearse({ id, engine }: Voice, signal: AbortSignal): Promise<void> {
    const job = this.said.get(id);
    if (!job || engine === 'api') return; // a speech server wants money
    const name = `rehearsal-${randomUUID()}`;
    try {
      await this.sound({ ...job, scene: beginningOf(job.scene), name }, signal, true);
    } finally {
      for (const end of ['pcm', 'aac']) await rm(join(job.folder, `${name}.${end}`), { force: true });
    }
  }

  private async sound(job: NarrationJob, signal?: AbortSignal, standBy = false): Promise<Narration> {
    const { scene, voice, folder, name } = job;
    await mkdir(folder, { recursive: true });
    const scratch = join(folder, `.${name.slice(0, 40)}-${randomUUID()}`);
    const files = scene.spans.map((_, i) => `${scratch}-${i}.speech`);
    try {
      this.mastering.wake(STANDING_BY_MS); // to start takes about as long as to speak
      const spoken = await Promise.all(scene.spans.map((span, i) => this.speak(span, job, files[i], signal, standBy)));
      const pcm = { path: join(folder, `${name}.pcm`), temporary: `${scratch}.pcm` };
      const mastered = await this.mastering.ask<MasterReply>({
        spans: scene.spans.map((span, i) => ({
          file: spoken[i].samples > 0 ? files[i] : null,
          sampleRate: spoken[i].sampleRate,
          times: spoken[i].times,
          words: span.tokens.map(weighed),
          gain: gainOf(voice),
          pause: span.pause ?? 0,
        })),
        out: pcm.temporary,
      });
      signal?.throwIfAborted();
      const aacPath = join(folder, `${name}.aac`);
      const aac = await encodeAac(this.options.ffmpeg, pcm.temporary, mastered.samples, aacPath, signal);
      await rename(pcm.temporary, pcm.path);
      return {
        pcm: { path: pcm.path, sha256: mastered.sha256, bytes: mastered.samples * 2 },
        aac: { path: aacPath, sha256: aac.sha256, bytes: aac.bytes },
        samples: mastered.samples,
        packets: aac.packets,
        frames: Math.ceil(mastered.samples / SAMPLES_PER_FRAME),
        words: wordsOf(scene, mastered.times),
        loudness: mastered.loudness,
        energies: mastered.energies,
        cpu: sumOf(aac.cpu, mastered.cpu, ...spoken.map(({ cpu = 0 }) => cpu)),
        warnings: mastered.silentSpans.map((i) => `The voice ${voice.id} cannot read: ${excerpt(scene.spans[i])}`),
      };
    } finally {
      await Promise.all([...files, `${scratch}.pcm`].map((file) => rm(file, { force: true })));
    }
  }

  private async speak(
    span: Span,
    { voice, language }: NarrationJob,
    out: string,
    signal?: AbortSignal,
    standBy = false,
  ): Promise<Spoken> {
    const engine = this.engines.get(voice.engine);
    if (!engine) throw new VoiceNotInstalled(voice.id, 'Set VOICE_API_URL to an OpenAI-compatible speech server.');
    const say = span.tokens.map((token) => token.say);
    const ask = () => engine.speak({ voice: engineVoice(voice), language, say, take: span.take ?? 0, out, standBy }, signal);
    const { paid } = this.options;
    if (voice.engine !== 'api' || !paid) return ask();
    const sound = await paid.recall(speechFields(span, this.identityOf(voice), language), out, ask, signal);
    return { ...sound, times: say.map(() => null) };
  }

  private embed(engine: Voice['engine'], script: URL): void {
    const children = this.childrenOf(script);
    this.embedded.set(engine, children);
    this.engines.set(engine, { speak: (request) => children.ask<Spoken>(request) });
  }

  private childrenOf(script: URL): AskedChildren {
    const children = new AskedChildren(script, this.options.processes ?? 1);
    this.children.push(children);
    return children;
  }
}

/** The scene's tokens with the times they got. */
export function wordsOf(scene: PlannedScene, times: readonly (readonly (readonly [number, number])[])[]): TimedWord[] {
  return scene.spans.flatMap((span, i) =>
    span.tokens.map((token, k) => ({ text: token.text, start: times[i][k][0], end: times[i][k][1], block: span.block })),
  );
}

function beginningOf({ spans: [{ tokens, ...span }], ...scene }: PlannedScene): PlannedScene {
  return { ...scene, spans: [{ ...span, tokens: tokens.slice(0, REHEARSED_WORDS) }] };
}

function excerpt(span: Span): string {
  const text = written(span.tokens.map((token) => token.text));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
