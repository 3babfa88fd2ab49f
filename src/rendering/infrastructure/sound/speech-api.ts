import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { written } from '../../domain/prose.js';
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
  /** For one try; a server on a slow machine needs its time. */
  readonly timeoutMs?: number;
  readonly tries?: number;
  /** Between tries, doubled each time. */
  readonly patienceMs?: number;
}

/** Told to the author; never holds the key. */
export class SpeechServerFailed extends Error {
  constructor(
    voice: string,
    readonly problem: string,
    /** A later attempt may succeed; otherwise somebody has to change something. */
    readonly temporary: boolean,
  ) {
    super(`The speech server gave no usable sound for voice "${voice}": ${problem}.`);
  }
}

/** One answer that was not good. */
class BadAnswer extends Error {
  constructor(
    readonly problem: string,
    readonly temporary: boolean,
    readonly afterMs?: number,
  ) {
    super(problem);
  }
}

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_PATIENCE_MS = 30_000;

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
        const { problem, temporary, afterMs } = error as BadAnswer;
        if (!temporary || attempt >= tries) throw new SpeechServerFailed(voice, problem, temporary);
        await sleep(Math.min(MOST_PATIENCE_MS, afterMs ?? patienceMs * 2 ** (attempt - 1)), undefined, { signal });
      }
    }
  }

  /** @throws BadAnswer, and nothing else */
  private async once(voice: string, text: string, outer?: AbortSignal): Promise<Wav> {
    const { url, key, model, timeoutMs = 60_000 } = this.server;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`${url}/audio/speech`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
        body: JSON.stringify({ model, voice, input: text, response_format: 'wav' }),
        redirect: 'error', // the key is for this server only
        signal: outer ? AbortSignal.any([timeout, outer]) : timeout,
      });
      const body = await this.bodyOf(response);
      if (!response.ok) throw this.refusal(response, body);
      return checked(readWav(body), text);
    } catch (error) {
      if (timeout.aborted) throw new BadAnswer(`no answer within ${timeoutMs / 1_000} s`, true);
      if (error instanceof NotWav) throw new BadAnswer(error.message, true);
      if (error instanceof BadAnswer) throw error;
      throw new BadAnswer(this.discreet(`the connection failed (${reasonOf(error)})`), true);
    }
  }

  private async bodyOf(response: Response): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += (chunk as Uint8Array).length;
      if (size > MOST_BYTES) throw new BadAnswer(`more than ${MOST_BYTES >> 20} MB of sound`, true);
      chunks.push(chunk as Uint8Array);
    }
    return Buffer.concat(chunks);
  }

  private refusal(response: Response, body: Buffer): BadAnswer {
    const { status } = response;
    const problem = this.discreet(`status ${status} ${body.toString('utf8', 0, 200).replace(/\s+/g, ' ').trim()}`.trim());
    const temporary = status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
    return new BadAnswer(problem, temporary, retryAfter(response.headers.get('retry-after')));
  }

  private discreet(text: string): string {
    return this.server.key ? text.replaceAll(this.server.key, '***') : text;
  }
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
  if (wav.cutOff) throw new BadAnswer('the sound is shorter than its header says', true);
  if (seconds < least) throw new BadAnswer(`${seconds.toFixed(1)} s of sound are too short for the text`, true);
  if (seconds > most) throw new BadAnswer(`${seconds.toFixed(1)} s of sound are too long for the text`, true);
  const { loudest, last } = levels(wav);
  if (loudest < 200) throw new BadAnswer('silence', true);
  if (last > loudest * 0.5) throw new BadAnswer('the sound breaks off', true);
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
