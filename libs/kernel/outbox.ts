/**
 * What leaves a module. A *fact* tells what happened; a *job* is one piece of heavy work to do.
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
}

/** Heavy work, named by the queue that does it. */
export interface Job<Data extends object = object> extends DomainEvent<string, Data> {
  readonly queue: string;
  /** Only workers that serve this worker group of the queue take it. */
  readonly workerGroup?: string;
  /** Whose turn it uses up. The jobs of one account, however many, take turns in their queue with those of the others. */
  readonly fairnessKey?: string;
  /** The queue that it goes to instead when its share has nothing open in `queue`: the first must not wait for those of others. */
  readonly fastQueue?: string;
}

/** Where use cases leave the facts they caused. Recorded in the caller's transaction, delivered at least once after it commits. */
export abstract class Outbox {
  abstract record(...events: DomainEvent[]): Promise<void>;
  abstract send(...jobs: Job[]): Promise<void>;
  /** Delivers again what a consumer was to do about these subjects and has not done: whoever was at it is out. */
  abstract redeliver(consumer: string, subjects: string[]): Promise<void>;
  /** Calls back what is not done yet in this worker group about this subject: nobody shall do it any more. */
  abstract cancel(workerGroup: string, about: string): Promise<void>;
}
