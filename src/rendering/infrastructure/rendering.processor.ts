/**
 * The worker's door of rendering: one queue for each kind of errand, and the facts it takes notice of. Heavy work happens in
 * child processes, so that this process keeps its leases and Bull's locks; on SIGTERM work under way is given back at once.
 */
import { getQueueToken, Process, Processor } from '@nestjs/bull';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Job, Queue } from 'bull';
import { Config } from '#libs/config/config';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import { DomainError } from '#libs/kernel/domain-error';
import type { ChapterPublished } from '../../chapters/index.js';
import { type Done, Producing } from '../application/producing.js';
import { Requesting } from '../application/requesting.js';
import { NoEncoder } from './picture/encoder.js';
import { RenderFailed } from './picture/renderer.js';
import { ChildRefused } from './sound/asked-child.js';

@Processor('facts.rendering')
export class RenderingFacts {
  constructor(
    private readonly handling: Handling,
    private readonly requesting: Requesting,
  ) {}

  @Process('ChapterPublished' satisfies ChapterPublished['type'])
  chapterPublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.once(job, ({ subject }) => this.requesting.react(subject.id));
  }
}

type ArtefactWork = { key: string };
type FilmWork = { rendition: string };

@Injectable()
export class RenderingErrands implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    private readonly config: Config,
    private readonly handling: Handling,
    private readonly producing: Producing,
    private readonly modules: ModuleRef,
  ) {}

  /** Not by decorators: how many run at once is configuration. */
  onApplicationBootstrap(): void {
    const cores = this.config.renderConcurrency;
    this.serve<FilmWork>('render.plan', 1, ({ rendition }, done) => this.producing.plan(rendition, done));
    this.serve<ArtefactWork>('render.narrate', cores, ({ key }, done) => this.producing.narrate(key, done, this.stopping.signal));
    this.serve<ArtefactWork>('render.segment', cores, ({ key }, done) => this.producing.draw(key, done, this.stopping.signal));
    this.serve<FilmWork>('render.assemble', 1, ({ rendition }, done) => this.producing.assemble(rendition, done));
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort(new Error('The worker is stopping; the errand goes to another.'));
  }

  private serve<Work extends FilmWork | ArtefactWork>(
    name: string,
    atOnce: number,
    work: (data: Work, done: Done) => Promise<void>,
  ): void {
    const queue = this.modules.get<Queue<DeliveryJob>>(getQueueToken(name), { strict: false });
    void queue.process('*', atOnce, (job) =>
      this.handling.errand<Work>(job, async ({ data }, done) => {
        try {
          await work(data, done);
        } catch (error) {
          if (!this.stopping.signal.aborted) await this.perhapsGiveUp(data, error as Error, isLast(job));
          throw error;
        }
      }),
    );
  }

  /** What would fail again is told to the author at once; what may pass, after the last try. */
  private async perhapsGiveUp(work: { rendition?: string; key?: string }, error: Error, last: boolean): Promise<void> {
    const hopeless =
      error instanceof DomainError ||
      error instanceof ChildRefused ||
      error instanceof NoEncoder ||
      (error instanceof RenderFailed && !error.mayRetry && error.kind !== 'cancelled');
    if (hopeless || last) await this.producing.giveUp(work, error.message);
  }
}

const isLast = (job: Job): boolean => job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
