/**
 * CPU work off the event loop, bounded: parsing, aligning, planning and searching in texts run in a few threads, wait in a short queue,
 * and are refused when that is full. One pool a process. Why not a thread for each text, or a process: docs/decisions/0015-worker-pool.md.
 *
 *   const book = await this.pool.run(bookReading, { source, format }, { signal: clientGone(reply) });
 *
 * Bounds: `threads` tasks run and `MAX_WAITING` wait for each thread, with at most `MAX_CHARACTERS` of text among them, whatever they
 * are; a task may wait `TIMEOUT_MS` and then run as long; a thread may use `THREAD_MEMORY_MB`. A task whose signal aborts is taken out of
 * the queue, or its thread is ended and replaced. Never wait for the pool inside a transaction: its locks would wait, too.
 */
import { availableParallelism } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';
import { ServerBusy } from '#libs/kernel/concurrency-limit';
import { DomainError } from '#libs/kernel/domain-error';
import { SMALL, type Task } from './task.js';
import type { Assignment, Outcome, Refused } from './task.thread.js';

/** The longest text takes half a second, so that the last of them begins within `TIMEOUT_MS` on a machine that is not busy otherwise. */
const MAX_WAITING = 32;
/** Of all tasks that run or wait: at most 64 MB of Latin text, 128 MB of Chinese. One text alone is always taken. */
const MAX_CHARACTERS = 64_000_000;
const TIMEOUT_MS = 20_000;
const THREAD_MEMORY_MB = 512;
/** A thread without work is kept so long: starting one takes 50 ms. */
const IDLE_MS = 60_000;
/** The host's cores less the one of the event loop; more threads than four would be more memory than an instance is given for them. */
const THREADS = Math.min(4, Math.max(1, availableParallelism() - 1));

export interface PoolOptions {
  readonly threads?: number;
  readonly maxWaiting?: number;
  readonly maxCharacters?: number;
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** The built task.thread.js, by default the one beside this file. */
  readonly thread?: URL;
}

@Injectable()
export class WorkerPool implements OnApplicationShutdown {
  readonly #piscina: Piscina<Assignment, Outcome>;
  readonly #maxTasks: number;
  readonly #maxCharacters: number;
  readonly #timeoutMs: number;
  /** Tasks that run or wait, and the characters in them. Counted here: Piscina takes more than its `maxQueue` while threads start. */
  #tasks = 0;
  #characters = 0;

  constructor({
    threads = THREADS,
    maxWaiting = MAX_WAITING * threads,
    maxCharacters = MAX_CHARACTERS,
    timeoutMs = TIMEOUT_MS,
    memoryMb = THREAD_MEMORY_MB,
    thread = new URL('./task.thread.js', import.meta.url),
  }: PoolOptions = {}) {
    this.#maxTasks = threads + maxWaiting;
    this.#maxCharacters = maxCharacters;
    this.#timeoutMs = timeoutMs;
    this.#piscina = new Piscina<Assignment, Outcome>({
      filename: thread.href,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      concurrentTasksPerWorker: 1,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
  }

  /**
   * @param signal of whoever waits for the answer
   * @throws ServerBusy, TextTakesTooLong, the refusals of the task, the reason of the signal
   */
  async run<In, Out>(task: Task<In, Out>, input: In, { signal }: { signal?: AbortSignal } = {}): Promise<Out> {
    signal?.throwIfAborted();
    const size = task.size(input);
    if (size <= (task.small ?? SMALL)) return task.run(input);
    if (this.#tasks >= this.#maxTasks || (this.#tasks > 0 && this.#characters + size > this.#maxCharacters))
      throw new ServerBusy();
    this.#tasks++;
    this.#characters += size;
    try {
      return await this.inThread(task, input, signal);
    } finally {
      this.#tasks--;
      this.#characters -= size;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#piscina.destroy();
  }

  private async inThread<In, Out>(task: Task<In, Out>, input: In, signal: AbortSignal | undefined): Promise<Out> {
    const begunAfter = new Int32Array(new SharedArrayBuffer(4));
    const askedAt = Date.now();
    const stop = new AbortController();
    const stopWhenDue = (): void => {
      const began = Atomics.load(begunAfter, 0);
      const left = began && began + this.#timeoutMs - (Date.now() - askedAt);
      if (left > 0) timer = setTimeout(stopWhenDue, left);
      else stop.abort();
    };
    let timer = setTimeout(stopWhenDue, this.#timeoutMs);
    let outcome: Outcome;
    try {
      outcome = await this.#piscina.run(
        { file: task.file, name: task.name, input, askedAt, begunAfter },
        { signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal },
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (stop.signal.aborted) throw Atomics.load(begunAfter, 0) ? new TextTakesTooLong() : new ServerBusy();
      if ((error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY') throw new TextTakesTooLong();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if ('value' in outcome) return outcome.value as Out;
    throw revived(outcome.refused, task);
  }
}

function revived(refused: Refused, { name, refusals = [] }: Pick<Task<never, unknown>, 'name' | 'refusals'>): Error {
  const { class: className, ...members } = refused;
  const known = refusals.find((one) => one.name === className);
  if (!known)
    return new Error(`The task ${name} refused with ${members.code}, which is not among its refusals: ${members.message}`);
  const error = Object.assign(Object.create(known.prototype as object) as Error, members);
  Error.captureStackTrace(error, revived);
  return error;
}

/** It was stopped after `TIMEOUT_MS`, or at the thread's limit of memory. No prose does that. */
export class TextTakesTooLong extends DomainError {
  readonly code = 'text-takes-too-long';
  readonly kind = 'invalid';
  constructor() {
    super('Working on this text took too long and was stopped: send it in smaller parts.');
  }
}
