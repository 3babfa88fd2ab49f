/**
 * What leaves a module. A domain event says what happened; a job is one piece of heavy work to do.
 * Both are plain JSON, stored in the transaction that caused them and delivered after it commits.
 */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  /** The version of `data`'s shape; a consumer that knows only older ones must say so, not guess. */
  readonly v: number;
  readonly subject: { readonly kind: string; readonly id: string; readonly version?: number };
  /** The chapter (or work) whose timeline this belongs to, when there is one: admins search by it. */
  readonly about?: readonly string[];
  readonly data: Data;
  /**
   * The subject exists no more. Libraries that hold something about it remove that in the same transaction: libs/live its stream,
   * libs/http what stored answers say about anything in `about`. Not stored with the event.
   */
  readonly erased?: true;
}

/** Heavy work, named by the queue that does it. */
export interface Job<Data extends object = object> extends DomainEvent<string, Data> {
  readonly queue: string;
  /** Only workers that serve this worker group of the queue take it. */
  readonly workerGroup?: string;
  /** Jobs of one key share their queue fairly with those of every other key: see libs/events/fair-queueing.ts. */
  readonly fairnessKey?: string;
  /** The queue that the job goes to instead when its fairness key has no other open job in `queue`. */
  readonly fastQueue?: string;
}

/**
 * Where use cases leave what must be delivered: stored in the caller's transaction, delivered at least once after it commits.
 *
 * @example
 * await this.outbox.record({ type: 'ChapterPublished', v: 1, subject: { kind: 'chapter', id }, data: { revision } });
 * await this.outbox.send({ queue: 'render.plan', type: 'PlanRendition', v: 1, subject: { kind: 'rendition', id }, data: {} });
 */
export abstract class Outbox {
  /** Each module that src/reactions.ts names for the event's type gets it. */
  abstract record(...events: DomainEvent[]): Promise<void>;
  /** A worker that serves the job's queue runs it. */
  abstract send(...jobs: Job[]): Promise<void>;
}
