import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { ObjectStore } from '#libs/storage/object-store';
import { LeaseLost, Making } from '../../application/making.js';
import { type Fields, keyOf } from '../../domain/keys.js';
import { Artefacts, type Output } from '../../domain/ports.js';
import { isGone } from '../kept.js';
import { objectKey, sha256Of } from '../object-key.js';
import { Pins } from '../object-pins.js';
import type { Spoken } from './speech.js';

/** What a speech server answered, without times: it tells none. */
export type PaidSound = Omit<Spoken, 'times'>;

/**
 * A speech server is paid by the request, and never answers twice the same: what it said to a request is an artefact of its own, and
 * the first good answer stays the answer, in every film and every worker. One worker asks, the others wait for its lease.
 *
 * An answer is put on this machine's disk before anything else, so that it survives a crash between coming and being registered.
 */
@Injectable()
export class PaidSpeech {
  /** For answers that are not registered yet. */
  private readonly folder: string;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly artefacts: Artefacts,
    private readonly making: Making,
    private readonly objects: ObjectStore,
    private readonly pins: Pins,
    config: Config,
  ) {
    this.folder = join(config.home, 'studio', 'speech');
  }

  /** @param ask writes the sound to `out`, as a known answer is. */
  async recall(
    fields: Fields,
    out: string,
    ask: () => Promise<PaidSound>,
    signal = new AbortController().signal,
  ): Promise<PaidSound> {
    const key = keyOf(fields);
    await this.unitOfWork.run(() => this.artefacts.want('speech', [{ key, fields }]));
    for (;;) {
      const known = (await this.artefacts.ready([key])).get(key);
      if (known) {
        if (await this.fetched(known, out)) return { samples: known.bytes / 2, sampleRate: Number(known.facts.sampleRate) };
        await this.unitOfWork.run(() => this.artefacts.void(key));
      }
      await this.answered(key, out, ask, signal);
    }
  }

  /** Asks, unless an answer is lying here since a crash, and registers it; who lost the lease meanwhile takes the other's answer. */
  private async answered(key: string, out: string, ask: () => Promise<PaidSound>, signal: AbortSignal): Promise<void> {
    let file = '';
    const work = async (): Promise<Output> => {
      const left = (await this.left(key)) ?? (await this.leave(key, await ask(), out));
      ({ file } = left);
      const { size } = await stat(file);
      const sha256 = await sha256Of(file);
      await this.pins.pin(sha256);
      await this.objects.put(objectKey(sha256), { file }, { contentType: 'application/octet-stream', sha256 });
      return { sha256, bytes: size, frames: null, facts: { sampleRate: left.sampleRate } };
    };
    try {
      await this.making.make(
        key,
        () => Promise.resolve(true),
        signal,
        work,
        () => Promise.resolve(),
      );
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
    }
    if (file) await rm(file, { force: true });
  }

  private async left(key: string): Promise<{ file: string; sampleRate: number } | undefined> {
    const name = (await readdir(this.folder).catch(() => [])).find((one) => one.startsWith(`${key}.`));
    return name === undefined ? undefined : { file: join(this.folder, name), sampleRate: Number(name.split('.')[1]) };
  }

  private async leave(key: string, { sampleRate }: PaidSound, out: string): Promise<{ file: string; sampleRate: number }> {
    await mkdir(this.folder, { recursive: true });
    const file = join(this.folder, `${key}.${sampleRate}`);
    const temporary = join(this.folder, `.${randomUUID()}`);
    await copyFile(out, temporary);
    await rename(temporary, file);
    return { file, sampleRate };
  }

  /** @returns false when the object is missing or damaged. */
  private async fetched({ sha256 }: Output, out: string): Promise<boolean> {
    try {
      const { stream } = await this.objects.get(objectKey(sha256));
      await pipeline(stream, createWriteStream(out));
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
    return (await sha256Of(out)) === sha256;
  }
}
