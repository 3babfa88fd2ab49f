/**
 * The worker's side of the renderer processes: keeps a few of them, gives each one task at a time, the next when all frames of the one
 * before are in its encoder, and knows which encoder belongs to which, so that a cancelled, crashed or killed render leaves no process
 * behind. One that stands still is ended: it may be stopped, or caught in a loop, and would else hold its scene for ever.
 *
 *     const renderer = new Renderer({ ffmpeg: encoder.ffmpeg, processes: 2, pidFolder });
 *     const { sha256 } = await renderer.render(job, { onFrames: (frames) => report(frames) }, signal);
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { statOf } from '../process-stat.js';
import { clearStrays, forgetPid } from './pid-files.js';
import type { FailureKind, FromRenderer, Task, Tasks } from './renderer-messages.js';
import type { BackdropJob, BackdropResult, FileResult, PosterJob, SegmentJob, SegmentResult } from './segment-job.js';

export class RenderFailed extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
  ) {
    super(message);
  }

  /** Whether the same job may succeed elsewhere or later. */
  get mayRetry(): boolean {
    return this.kind === 'disk' || this.kind === 'encoder' || this.kind === 'died';
  }
}

/** Seconds without a word. A segment's frames pass many times a second, also where the machine is busy; the other tasks say nothing. */
const PATIENCE: Readonly<Record<Task, number>> = { segment: 10, poster: 40, backdrop: 40 };
/** The same when the system says that it was stopped (SIGSTOP): nothing that is merely slow looks so. */
const PATIENCE_WITH_STOPPED = 4;

/**
 * Readers first. The extra processes come between: somebody waits for what they do, while the others are busy for long. By Linux's weights
 * an extra process gets fifteen times as much of a busy core.
 */
const [NICE, NICE_OF_EXTRA] = [16, 4];

export interface RendererOptions {
  readonly ffmpeg: string;
  /** How many tasks at once; one core is busy with each. */
  readonly processes: number;
  /** How many of the processes stay when there is nothing to do; by default all. The others end. */
  readonly kept?: number;
  /** Where encoders are noted; those an earlier run left are ended by the constructor. Of one worker alone. */
  readonly pidFolder?: string;
  /** The built renderer.child.js, by default the one beside this file. */
  readonly child?: string;
}

export interface RenderWatch {
  /** Hears, at most four times a second and once at the end, how many frames have left the encoder. */
  readonly onFrames?: (frames: number) => void;
  /** All frames are drawn: another scene would begin now. */
  readonly onPoured?: () => void;
}

interface Waiting {
  readonly id: number;
  readonly type: Task;
  readonly job: Tasks[Task]['job'];
  readonly watch: RenderWatch;
  readonly signal?: AbortSignal;
  readonly resolve: (result: Tasks[Task]['result']) => void;
  readonly reject: (error: RenderFailed) => void;
}

export class Renderer {
  readonly #options: RendererOptions;
  readonly #waiting: Waiting[] = [];
  readonly #processes = new Set<RendererProcess>();
  #lastId = 0;
  #killed = false;

  constructor(options: RendererOptions) {
    this.#options = options;
    if (options.pidFolder) clearStrays(options.pidFolder);
  }

  /** Encodes one scene. */
  render(job: SegmentJob, watch: RenderWatch = {}, signal?: AbortSignal): Promise<SegmentResult> {
    return this.#ask('segment', job, watch, signal);
  }

  poster(job: PosterJob, signal?: AbortSignal): Promise<FileResult> {
    return this.#ask('poster', job, {}, signal);
  }

  backdrop(job: BackdropJob, signal?: AbortSignal): Promise<BackdropResult> {
    return this.#ask('backdrop', job, {}, signal);
  }

  /** Ends every process at once; what was under way is refused with `died`. */
  async kill(): Promise<void> {
    this.#killed = true;
    await Promise.all([...this.#processes].map((process) => process.kill()));
    for (const { reject } of this.#waiting.splice(0)) reject(new RenderFailed('died', 'The renderer was stopped.'));
  }

  #ask<T extends Task>(type: T, job: Tasks[T]['job'], watch: RenderWatch, signal?: AbortSignal): Promise<Tasks[T]['result']> {
    return new Promise((resolve, reject) => {
      if (this.#killed) return reject(new RenderFailed('died', 'The renderer was stopped.'));
      if (signal?.aborted) return reject(new RenderFailed('cancelled', 'It was cancelled before it began.'));
      const id = ++this.#lastId;
      const onAbort = (): void => this.#cancel(id);
      signal?.addEventListener('abort', onAbort);
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      this.#waiting.push({
        id,
        type,
        job,
        watch,
        signal,
        resolve: (result) => (settle(), resolve(result)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#next();
    });
  }

  #next(): void {
    if (!this.#waiting.length || this.#killed) return;
    const all = [...this.#processes];
    let free = all.find((process) => process.isIdle) ?? all.find((process) => process.isFree);
    if (!free && this.#processes.size < this.#options.processes) {
      const nice = this.#processes.size < (this.#options.kept ?? Infinity) ? NICE : NICE_OF_EXTRA;
      const started = new RendererProcess(this.#options, nice, {
        onFree: () => {
          if (started.isIdle && started.hasReadPicture) this.#retire(started);
          this.#next();
          if (started.isIdle && this.#processes.size > (this.#options.kept ?? Infinity)) this.#retire(started);
        },
        onExit: (unfinished) => {
          this.#processes.delete(started);
          this.#waiting.unshift(...unfinished);
          this.#next();
        },
      });
      this.#processes.add((free = started));
    }
    const task = free && this.#waiting.shift();
    if (task) free?.give(task);
  }

  #retire(process: RendererProcess): void {
    this.#processes.delete(process);
    process.end();
  }

  #cancel(id: number): void {
    const at = this.#waiting.findIndex((task) => task.id === id);
    const [task] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (task) return task.reject(new RenderFailed('cancelled', 'It was cancelled before it began.'));
    for (const process of this.#processes) process.cancel(id);
  }
}

/** Linux only; elsewhere nothing is known, and the longer patience decides. */
const isStopped = (pid: number | null | undefined): boolean => statOf(pid)[0] === 'T';

/** A task of a process. */
class Running {
  /** Its frames are drawn; it waits for its encoder alone. */
  poured = false;
  stoodStill = false;
  encoder: number | null = null;
  /** Seconds of our own clock without a word: when the whole machine slept, nobody is to blame. */
  #silent = 0;
  readonly #watch: NodeJS.Timeout;

  constructor(
    readonly task: Waiting,
    renderer: number | undefined,
    onStandstill: (seconds: number) => void,
  ) {
    this.#watch = setInterval(() => {
      const silent = ++this.#silent;
      const isStill = silent >= PATIENCE_WITH_STOPPED && (isStopped(renderer) || isStopped(this.encoder));
      this.stoodStill = isStill || silent >= PATIENCE[task.type];
      if (this.stoodStill) onStandstill(silent);
    }, 1_000);
  }

  heard(): void {
    this.#silent = 0;
  }

  end(): void {
    clearInterval(this.#watch);
  }
}

/** One child process, the task it draws for, and those whose encoders still finish. */
class RendererProcess {
  /** Then it holds the image library and what that took, for which it has no more use. */
  hasReadPicture = false;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<void>;
  readonly #running = new Map<number, Running>();
  #complaint = '';
  readonly #pidFolder: string;

  constructor(
    { ffmpeg, pidFolder = '', child = fileURLToPath(new URL('./renderer.child.js', import.meta.url)) }: RendererOptions,
    nice: number,
    private readonly tell: { onFree: () => void; onExit: (unfinished: readonly Waiting[]) => void },
  ) {
    this.#pidFolder = pidFolder;
    this.#child = spawn(process.execPath, ['--expose-gc', child, ffmpeg, pidFolder, String(nice)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { MALLOC_ARENA_MAX: '1' }, // a tenth less memory with glibc; the worker's secrets have no business near people's pictures
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (text: Buffer) => (this.#complaint = (this.#complaint + text.toString()).slice(-2_000)));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(JSON.parse(line) as FromRenderer));
    this.#exited = new Promise((resolve) => {
      this.#child.on('error', (error) => (this.#complaint += error.message));
      this.#child.on('close', (code, by) => {
        this.tell.onExit(this.#bury(`The renderer process ended (${by ?? String(code)}). ${this.#complaint}`.trim()));
        resolve();
      });
    });
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** Whether it can draw for another task. */
  get isFree(): boolean {
    return !this.hasReadPicture && [...this.#running.values()].every(({ poured }) => poured);
  }

  give(task: Waiting): void {
    this.hasReadPicture ||= task.type === 'backdrop';
    const onStandstill = (seconds: number): void => {
      this.#complaint += ` It stood still for ${seconds} s.`;
      void this.kill();
    };
    this.#running.set(task.id, new Running(task, this.#child.pid, onStandstill));
    this.#write({ type: task.type, id: task.id, job: task.job });
  }

  cancel(id: number): void {
    if (this.#running.has(id)) this.#write({ type: 'cancel', id });
  }

  /** It leaves when its input ends; it has nothing to do. */
  end(): void {
    this.#child.stdin.end();
  }

  kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    for (const running of this.#running.values()) this.#killEncoder(running);
    return this.#exited;
  }

  #write(message: object): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  #hear(message: FromRenderer): void {
    const running = this.#running.get(message.id);
    if (!running) return;
    const { watch, resolve, reject } = running.task;
    running.heard();
    if (message.type === 'encoder') running.encoder = message.pid;
    else if (message.type === 'frame') watch.onFrames?.(message.frames);
    else if (message.type === 'poured') {
      running.poured = true;
      watch.onPoured?.();
      this.tell.onFree();
    } else if (message.type !== 'alive') {
      this.#end(running);
      if (message.type === 'done') resolve(message.result);
      else reject(new RenderFailed(message.kind, message.message));
      this.tell.onFree();
    }
  }

  /** It has died of the task that stood still, else of the one that it drew for. @returns the others, which are as good as before */
  #bury(why: string): Waiting[] {
    const all = [...this.#running.values()];
    for (const running of all) {
      this.#end(running);
      this.#killEncoder(running);
    }
    const still = all.filter(({ stoodStill }) => stoodStill);
    const drawn = all.filter(({ poured }) => !poured);
    const guilty = [still, drawn, all].find(({ length }) => length) ?? [];
    for (const { task } of guilty) task.reject(new RenderFailed('died', why));
    const others = all.filter((running) => !guilty.includes(running)).map(({ task }) => task);
    for (const { signal, reject } of others) if (signal?.aborted) reject(new RenderFailed('cancelled', why));
    return others.filter(({ signal }) => !signal?.aborted);
  }

  #end(running: Running): void {
    running.end();
    this.#running.delete(running.task.id);
  }

  #killEncoder(running: Running): void {
    if (!running.encoder) return;
    try {
      process.kill(running.encoder, 'SIGKILL');
    } catch {
      // gone already
    }
    if (this.#pidFolder) forgetPid(this.#pidFolder, running.encoder); // its renderer cannot any more
    running.encoder = null;
  }
}
