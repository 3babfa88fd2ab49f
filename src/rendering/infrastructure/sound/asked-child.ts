import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { heapKept } from '../heap.js';

/** The child said no: the request itself is at fault and would fail again. */
export class ChildRefused extends Error {}
/** The child died or was too slow; another try may do. */
export class ChildLost extends Error {}

/** Readers first; but before any picture, which is drawn only when its scene is spoken. */
const NICE = 4;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Milliseconds without a question after which a child leaves: its memory is wanted by the encoders, and it starts in a tenth of a second. */
const IDLE = 500;

/**
 * A long-lived child process that is asked by JSON lines (see `answer`). Started with the first question, and again after it left or died;
 * a question it does not answer in time costs it its life, because a stuck WebAssembly loop cannot be stopped otherwise.
 */
export class AskedChild {
  private process?: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private lastWords = '';
  private closed = false;
  private idle?: NodeJS.Timeout;
  /** When it leaves without a question, by `performance.now()`. */
  private leavesAt = 0;

  constructor(
    private readonly script: URL,
    private readonly timeoutMs = 60_000,
    private readonly idleMs = IDLE,
  ) {}

  /** Pid of the running process, for supervision and tests. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  get busy(): number {
    return this.waiting.size;
  }

  ask<Reply>(request: object): Promise<Reply> {
    if (this.closed) return Promise.reject(new ChildLost('the narrator is shutting down'));
    clearTimeout(this.idle);
    const child = (this.process ??= this.start());
    const id = ++this.lastId;
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => this.lose(child, `no answer within ${this.timeoutMs / 1_000} s`), this.timeoutMs);
      this.waiting.set(id, { resolve, reject, timer });
      child.stdin?.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }

  /** Starts now, as a question may come within `idleMs`. */
  wake(idleMs = this.idleMs): void {
    if (this.closed) return;
    this.process ??= this.start();
    if (!this.waiting.size) this.leaveIn(idleMs);
  }

  /** Leaves soon, should it have been woken for longer and not be asked. */
  rest(): void {
    const isEarlier = performance.now() + this.idleMs < this.leavesAt; // asked again and again, it would never leave
    if (this.process && !this.waiting.size && isEarlier) this.leaveIn(this.idleMs);
  }

  /** Ends the process now; open questions fail with `ChildLost`. */
  kill(): void {
    this.closed = true;
    if (this.process) this.lose(this.process, 'the narrator is shutting down');
  }

  private start(): ChildProcess {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--expose-gc', fileURLToPath(this.script)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // no keys, no secrets, no locale; and most of the heap is given back, as it speaks for moments and waits for long
      env: { PATH: process.env.PATH, TZ: 'UTC', ...heapKept(16 * 2 ** 20) },
    });
    try {
      if (child.pid) setPriority(child.pid, NICE);
    } catch {
      // not everywhere allowed
    }
    this.lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => (this.lastWords = (this.lastWords + chunk.toString()).slice(-500)));
    child.stdin?.on('error', () => undefined); // told by 'exit'
    child.on('error', (error) => this.lose(child, error.message));
    child.on('exit', (code, signal) => this.lose(child, `it ended with ${signal ?? code}. ${this.lastWords}`.trim()));
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.heard(line));
    return child;
  }

  private heard(line: string): void {
    const reply = JSON.parse(line) as { id: number; ok?: never; failed?: string };
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    this.waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (!this.waiting.size) this.leaveIn(this.idleMs);
    if (reply.failed === undefined) waiting.resolve(reply.ok as never);
    else waiting.reject(new ChildRefused(reply.failed));
  }

  private leaveIn(ms: number): void {
    clearTimeout(this.idle);
    this.leavesAt = performance.now() + ms;
    this.idle = setTimeout(() => this.leave(), ms).unref();
  }

  /** It ends by itself at the end of its questions. */
  private leave(): void {
    const child = this.process;
    this.process = undefined;
    child?.stdin?.end();
  }

  private lose(child: ChildProcess, why: string): void {
    if (this.process !== child) return;
    this.process = undefined;
    child.kill('SIGKILL');
    const open = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject, timer } of open) {
      clearTimeout(timer);
      reject(new ChildLost(`${this.script.pathname.split('/').at(-1)}: ${why}`));
    }
  }
}

/** Several children of one kind; a question goes to the least busy. */
export class AskedChildren {
  private readonly children: AskedChild[];

  constructor(script: URL, count: number, timeoutMs?: number) {
    this.children = Array.from({ length: count }, () => new AskedChild(script, timeoutMs));
  }

  ask<Reply>(request: object): Promise<Reply> {
    return this.leastBusy().ask<Reply>(request);
  }

  /** One of them: see `AskedChild`. */
  wake(idleMs?: number): void {
    this.leastBusy().wake(idleMs);
  }

  rest(): void {
    for (const child of this.children) child.rest();
  }

  get pids(): number[] {
    return this.children.flatMap((child) => child.pid ?? []);
  }

  kill(): void {
    for (const child of this.children) child.kill();
  }

  private leastBusy(): AskedChild {
    return this.children.reduce((least, child) => (child.busy < least.busy ? child : least));
  }
}
