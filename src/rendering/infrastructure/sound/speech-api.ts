import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { written } from '../../domain/prose.js';
import { VoiceFailed } from '../../domain/voices.js';
import type { SpeakRequest, SpeechEngine, Spoken } from './speech.js';
import type { Wav } from './wav.js';
import { NotWav, readWav } from './wav.js';

/**
 * Voices of any server that answers OpenAI's `POST /audio/speech` (OpenAI, Kokoro-FastAPI, LocalAI, openedai-speech, …).
 * Such servers stall, throttle, cut off and lie about lengths; whatever comes is looked at before it is believed, and asked for
 * again where another try may help. https://platform.openai.com/docs/api-reference/audio/createSpeech
 */
export interface SpeechServer {
  /** Base URL up to and with `/v1`. */
  readonly url: string;
  readonly key?: string;
  readonly model: string;
  /** Without a byte for so long it has stalled; one that does not stream is silent while it thinks. */
  readonly stallMs?: number;
  /** For one answer as a whole. */
  readonly timeoutMs?: number;
  readonly tries?: number;
  /** Between tries, doubled each time. */
  readonly patienceMs?: number;
}

/** What may be wrong, whether the same request may do better soon, and what a person can do about it. */
const FAULTS = {
  throttled: { mayPass: true, advice: 'Ask for the film again later, or raise the limit at the server.' },
  unreachable: { mayPass: true, advice: 'Check that it runs and that VOICE_API_URL leads to it.' },
  stalled: { mayPass: true, advice: 'Check that it is not overloaded; VOICE_API_TIMEOUT gives a slow one more time.' },
  failing: { mayPass: true, advice: 'Look into its log, then ask for the film again.' },
  unauthorised: { mayPass: false, advice: 'Check VOICE_API_KEY.' },
  refused: { mayPass: false, advice: 'Check the name of the voice, VOICE_API_MODEL and VOICE_API_URL.' },
  notWav: { mayPass: false, advice: 'Check that VOICE_API_URL ends in /v1 and that the server can answer WAV.' },
  badSound: { mayPass: false, advice: 'Ask for the film again, or for another voice.' },
} as const;
type Fault = keyof typeof FAULTS;

/** Told to the author; never holds the key. */
export class SpeechServerFailed extends VoiceFailed {
  constructor(
    voice: string,
    readonly problem: string,
    readonly fault: Fault,
  ) {
    super(
      `The speech server gave no usable sound for voice "${voice}": ${problem}. ${FAULTS[fault].advice}`,
      FAULTS[fault].mayPass,
    );
  }
}

/** One answer that was not good. */
class BadAnswer extends Error {
  constructor(
    readonly fault: Fault,
    readonly problem: string,
    readonly afterMs?: number,
  ) {
    super(problem);
  }

  /** Sound that comes out wrong once may come out right the next time; a refusal will not. */
  get worthAnotherTry(): boolean {
    return this.fault !== 'unauthorised' && this.fault !== 'refused' && (this.afterMs ?? 0) <= MOST_PATIENCE_MS;
  }
}

const MOST_BYTES = 64 * 1024 * 1024;
/** Limits are mostly by the minute; who asks for more is asked again by a later errand. */
const MOST_PATIENCE_MS = 120_000;

export class SpeechApi implements SpeechEngine {
  constructor(private readonly server: SpeechServer) {}

  /** @throws SpeechServerFailed */
  async speak(request: SpeakRequest, signal?: AbortSignal): Promise<Spoken> {
    const wav = await this.asked(request.voice, written(request.say), signal);
    await writeFile(request.out, wav.pcm);
    return { samples: wav.pcm.length / 2, sampleRate: wav.sampleRate, times: request.say.map(() => null) };
  }

  /** As often as it is worth it. */
  private async asked(voice: string, text: string, signal?: AbortSignal): Promise<Wav> {
    const { tries = 3, patienceMs = 500 } = this.server;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(voice, text, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof BadAnswer)) throw error;
        const { fault, problem, afterMs } = error;
        if (!error.worthAnotherTry || attempt >= tries) throw new SpeechServerFailed(voice, problem, fault);
        await sleep(afterMs ?? patienceMs * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  }

  /** @throws BadAnswer, and nothing else */
  private async once(voice: string, text: string, outer?: AbortSignal): Promise<Wav> {
    const { url, key, model, stallMs = 25_000, timeoutMs = 180_000 } = this.server;
    const late = new AbortController();
    const stalled = setTimeout(() => late.abort(new BadAnswer('stalled', `not a byte for ${stallMs / 1_000} s`)), stallMs);
    const slow = setTimeout(() => late.abort(new BadAnswer('stalled', `not done within ${timeoutMs / 1_000} s`)), timeoutMs);
    try {
      const response = await fetch(`${url}/audio/speech`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
        body: JSON.stringify({ model, voice, input: text, response_format: 'wav' }),
        redirect: 'error', // the key is for this server only
        signal: outer ? AbortSignal.any([late.signal, outer]) : late.signal,
      });
      const body = await bodyOf(response, () => stalled.refresh());
      if (!response.ok) throw this.refusal(response, body);
      return checked(readWav(body), text);
    } catch (error) {
      if (late.signal.aborted) throw late.signal.reason;
      if (error instanceof NotWav) throw new BadAnswer('notWav', error.message);
      if (error instanceof BadAnswer) throw error;
      throw new BadAnswer('unreachable', this.discreet(`the connection failed (${reasonOf(error)})`));
    } finally {
      clearTimeout(stalled);
      clearTimeout(slow);
    }
  }

  private refusal({ status, headers }: Response, body: Buffer): BadAnswer {
    // the key goes before the text is cut, or half of it might stay
    const says = this.discreet(body.toString('utf8', 0, 10_000))
      .slice(0, 200)
      .replace(/\s+/g, ' ')
      .trim();
    return new BadAnswer(faultOf(status), `status ${status} ${says}`.trim(), retryAfter(headers.get('retry-after')));
  }

  private discreet(text: string): string {
    return this.server.key ? text.replaceAll(this.server.key, '***') : text;
  }
}

async function bodyOf(response: Response, onBytes: () => void): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    onBytes();
    size += (chunk as Uint8Array).length;
    if (size > MOST_BYTES) throw new BadAnswer('badSound', `more than ${MOST_BYTES >> 20} MB of sound`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function faultOf(status: number): Fault {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'unauthorised';
  return status >= 500 || status === 408 || status === 409 || status === 425 ? 'failing' : 'refused';
}

/** `fetch` says only "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { message?: string; code?: string } };
  return [cause?.message ?? message, cause?.code].filter(Boolean).join(', ');
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), in milliseconds from now. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Whether the sound can be this text: long enough, not far too long, audible, and not broken off. */
function checked(wav: Wav, text: string): Wav {
  const seconds = wav.pcm.length / 2 / wav.sampleRate;
  const wide = text.match(/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/gu)?.length ?? 0;
  const narrow = (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0) - wide;
  const least = wide * 0.08 + narrow * 0.025;
  const most = wide * 0.9 + narrow * 0.35 + 2;
  const bad = (problem: string) => new BadAnswer('badSound', problem);
  if (wav.falseSizes)
    throw bad(`its WAV has false sizes, ${wav.falseSizes.promised} bytes of sound are promised and ${wav.falseSizes.came} came`);
  if (seconds < least) throw bad(`${seconds.toFixed(1)} s of sound are too short for the text`);
  if (seconds > most) throw bad(`${seconds.toFixed(1)} s of sound are too long for the text`);
  const { loudest, last } = levels(wav);
  if (loudest < 200) throw bad('silence');
  if (last > loudest * 0.5) throw bad('the sound breaks off');
  return wav;
}

/** Highest sample of all, and of the last 5 ms. */
function levels({ pcm, sampleRate }: Wav): { loudest: number; last: number } {
  const samples = pcm.length >> 1;
  const end = samples - Math.round(sampleRate * 0.005);
  let loudest = 0;
  let last = 0;
  for (let i = 0; i < samples; i++) {
    const level = Math.abs(pcm.readInt16LE(i * 2));
    if (level > loudest) loudest = level;
    if (i >= end && level > last) last = level;
  }
  return { loudest, last };
}
