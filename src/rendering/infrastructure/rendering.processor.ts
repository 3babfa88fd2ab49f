/**
 * The worker's door of rendering: one queue for each kind of errand, and the facts it takes notice of. Heavy work happens in
 * child processes, so that this process keeps its leases and Bull's locks; on SIGTERM work under way is given back at once.
 */
import { Process, Processor } from '@nestjs/bull';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import { Config } from '#libs/config/config';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import { Queues } from '#libs/events/worker-groups';
import { DomainError } from '#libs/kernel/domain-error';
import { StoreUnavailable, WrongDigest } from '#libs/storage/object-store';
import type {
  ChapterDeleted,
  ChapterErased,
  ChapterPublished,
  ChapterTakenDown,
  ChapterUnpublished,
  WorkDeleted,
  WorkErased,
  WorkTakenDown,
} from '../../chapters/index.js';
import { ErasingFilms } from '../application/erasing-films.js';
import { type Done, LeaseLost, orAborted } from '../application/making.js';
import { Mending } from '../application/mending.js';
import { Producing } from '../application/producing.js';
import { Recovering } from '../application/recovering.js';
import { Requesting } from '../application/requesting.js';
import { NoRoom, Studio } from '../domain/ports.js';
import { VoiceFailed } from '../domain/voices.js';
import { paced } from './paced.js';
import { Slots } from './slots.js';
import { narratorsFor } from './studio.js';
import { NoEncoder } from './picture/encoder.js';
import { ChildRefused } from './sound/asked-child.js';

@Processor('events.rendering')
export class RenderingFacts {
  constructor(
    private readonly handling: Handling,
    private readonly requesting: Requesting,
    private readonly erasing: ErasingFilms,
  ) {}

  @Process('ChapterPublished' satisfies ChapterPublished['type'])
  chapterPublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.once(job, ({ subject }) => this.requesting.react(subject.id));
  }

  @Process('ChapterUnpublished' satisfies ChapterUnpublished['type'])
  chapterUnpublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.once(job, ({ subject }) => this.requesting.withdraw(subject.id));
  }

  @Process('ChapterDeleted' satisfies ChapterDeleted['type'])
  chapterDeleted(job: Job<DeliveryJob>): Promise<void> {
    return this.chapterUnpublished(job);
  }

  @Process('ChapterTakenDown' satisfies ChapterTakenDown['type'])
  chapterTakenDown(job: Job<DeliveryJob>): Promise<void> {
    return this.chapterUnpublished(job);
  }

  @Process('WorkDeleted' satisfies WorkDeleted['type'])
  workDeleted(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.once<WorkDeleted['data']>(job, async ({ data }) => {
      for (const chapterId of data.chapters) await this.requesting.withdraw(chapterId);
    });
  }

  @Process('WorkTakenDown' satisfies WorkTakenDown['type'])
  workTakenDown(job: Job<DeliveryJob>): Promise<void> {
    return this.workDeleted(job);
  }

  @Process('ChapterErased' satisfies ChapterErased['type'])
  chapterErased(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.erasing.ofChapter(subject.id, done));
  }

  @Process('WorkErased' satisfies WorkErased['type'])
  workErased(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.once(job, ({ subject }) => this.erasing.ofWork(subject.id));
  }
}

type ArtefactWork = { key: string };
type FilmWork = { rendition: string };

/** How an errand of one queue is done, and what it needs a slot of. */
interface Kind {
  readonly work: (data: ArtefactWork & FilmWork, done: Done, leave: () => void) => Promise<void>;
  readonly slots?: Slots;
}

/**
 * Errands that a worker takes at once from an express queue, where each is the only one of its kind that its author has open. Far
 * more than it does at once: one that finds its author at work here already waits for a slot, and shall not be in others' way.
 */
const EXPRESS_AT_ONCE = 12;

/** How often it is looked whether somebody is gone: with a lease of ten seconds, work is another's within fifteen. */
const RECOVER_MS = 2_000;
const LEAVE_MS = 4_000;

@Injectable()
export class RenderingErrands implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Rendering');
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private serving = false;
  private lastTrouble = '';

  constructor(
    private readonly config: Config,
    private readonly handling: Handling,
    private readonly producing: Producing,
    private readonly mending: Mending,
    private readonly recovering: Recovering,
    private readonly studio: Studio,
    private readonly queues: Queues,
  ) {}

  onApplicationBootstrap(): void {
    // anybody plans: a film is then made by those who have the planner's tools
    const plan: Kind = { work: ({ rendition }, done) => this.producing.plan(rendition, done) };
    this.serve(this.queues.get('render.plan'), 1, () => plan);
    this.serve(this.queues.get('render.express'), EXPRESS_AT_ONCE, () => plan);
    const turn = (): void => {
      this.timer = setTimeout(() => void this.takeTurn().finally(() => this.stopping.signal.aborted || turn()), RECOVER_MS);
    };
    void this.takeTurn().finally(turn);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.stopping.abort(new Stopping());
    // while the connections are open: what was under way is given back
    await Promise.race([Promise.allSettled(this.running), new Promise((resolve) => setTimeout(resolve, LEAVE_MS).unref())]);
    await this.queues.close();
  }

  private async takeTurn(): Promise<void> {
    try {
      if (!this.serving) this.serveLane((await this.studio.engine()).studio);
      await this.recovering.turn(this.config.renderPatienceSeconds);
      this.lastTrouble = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.lastTrouble && !this.stopping.signal.aborted) this.log.warn(message); // once, not at every turn
      this.lastTrouble = message;
    }
  }

  /** Only known once the tools have been looked at. Not by decorators: how many run at once is configuration. */
  private serveLane(studio: string): void {
    if (this.stopping.signal.aborted) return;
    this.serving = true;
    const { renderConcurrency: drawn, voiceApi } = this.config;
    // a speech server has processors of its own; ours would take them from the encoders
    const spoken = voiceApi ? 2 * drawn : narratorsFor(drawn);
    const { signal } = this.stopping;
    const lane = (queue: string): Queue<DeliveryJob> => this.queues.openWorkerGroup(queue, studio);
    const drawing = new Slots(drawn);
    const kinds: Record<string, Kind> = {
      'render.narrate': { work: ({ key }, done) => this.producing.narrate(key, done, signal), slots: new Slots(spoken) },
      'render.segment': { work: ({ key }, done, leave) => this.producing.draw(key, done, signal, leave), slots: drawing },
      'render.assemble': { work: ({ rendition }, done) => this.producing.assemble(rendition, done) },
    };
    const kindOf = ({ data }: Job<DeliveryJob>): Kind => kinds[data.consumer];
    this.serve(lane('render.narrate'), spoken, kindOf);
    const segments = lane('render.segment');
    // as many again whose encoders finish
    this.serve(
      segments,
      2 * drawn,
      kindOf,
      paced(segments, () => drawing.room()),
    );
    this.serve(lane('render.assemble'), 1, kindOf);
    this.serve(lane('render.express'), EXPRESS_AT_ONCE, kindOf);
  }

  /** @param began told when an errand has its slot */
  private serve(
    queue: Queue<DeliveryJob>,
    atOnce: number,
    kindOf: (job: Job<DeliveryJob>) => Kind,
    began: (job: Job<DeliveryJob>) => void = () => undefined,
  ): void {
    const express = queue.name.startsWith('render.express');
    const errand = (job: Job<DeliveryJob>): Promise<void> =>
      this.handling.runJob<ArtefactWork & FilmWork>(
        job,
        async ({ data, fairnessKey }, done) => {
          const { signal } = this.stopping;
          signal.throwIfAborted();
          const { work, slots } = kindOf(job);
          const leave = (await slots?.enter({ share: fairnessKey ?? '', express }, signal)) ?? (() => undefined);
          began(job);
          try {
            await orAborted(work(data, done, leave), signal);
          } finally {
            leave();
          }
        },
        {
          verdict: (error) => this.verdict(error),
          giveUp: ({ data }, error) =>
            error instanceof VoiceFailed && 'key' in data
              ? this.mending.speakOtherwise(data.key, error.message)
              : this.mending.giveUp(data, sentenceOf(error)),
        },
      );
    void queue.process('*', atOnce, async (job) => {
      const run = errand(job);
      this.running.add(run);
      try {
        await run;
      } finally {
        this.running.delete(run);
      }
    });
  }

  private verdict(error: Error): 'failed' | 'hopeless' | 'give back' | 'not ours' {
    if (this.stopping.signal.aborted) return 'give back';
    if (error instanceof LeaseLost) return 'not ours';
    const mayPass = error instanceof StoreUnavailable || error instanceof WrongDigest || error instanceof NoRoom;
    const hopeless =
      (error instanceof DomainError && !mayPass) ||
      (error instanceof VoiceFailed && !error.temporary) ||
      error instanceof ChildRefused ||
      error instanceof NoEncoder;
    return hopeless ? 'hopeless' : 'failed';
  }
}

class Stopping extends Error {
  constructor() {
    super('The worker is stopping; the errand goes to another.');
  }
}

/** For the author of a film that cannot be made. */
function sentenceOf(error: Error): string {
  if (error instanceof DomainError || error instanceof NoEncoder) return error.message;
  return `It was tried again and again and did not succeed. Ask for the film once more; if it fails again, tell whoever runs this server: ${error.message}`;
}
