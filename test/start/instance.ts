/** An instance of Inkreel, started by npm in a home of its own under the temporary folder, and observed from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Run {
  urls: Record<'api' | 'swagger' | 'openapi' | 'queues', string>;
  ports: Record<string, number>;
  processes: Record<string, { pid: number; started: string }>;
  ready?: boolean;
}

/** A home that `npm start` has not seen yet. Its name holds a space and Chinese characters, which must not matter. */
export const newHome = (): string => mkdtempSync(join(tmpdir(), 'inkreel 家 '));

export const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

/** Repeats `question` until it answers something truthy; fails with `what` after `seconds`. */
export async function until<T>(what: string, question: () => T | Promise<T>, seconds = 30): Promise<NonNullable<T>> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
    const answer = await question();
    if (answer) return answer;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** The environment of a user's shell: without what this test run brought in. */
export function cleanEnvironment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|TEST_|JEST_|NODE_|INKREEL_|DATABASE_|REDIS_)/.test(name)),
  );
  return { ...env, ...more };
}

interface Process {
  pid: number;
  parent: number;
  started: string;
  program: string;
  command: string;
  isOurs: boolean;
}
/** The processes of each home at the last look: an encoder whose worker was killed can only be recognised by this. */
const remembered = new Map<string, Set<string>>();

/**
 * Every running process of `home`: those that name it in their environment or arguments, the servers, which run inside it,
 * their child processes, and those that were one of them before.
 */
export function processesOf(home: string): Process[] {
  const before = remembered.get(home) ?? new Set();
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => look(pid, home));
  const found = all.filter((one) => one.isOurs || before.has(`${one.pid} ${one.started}`));
  for (const { pid } of found) found.push(...all.filter((one) => one.parent === pid && !found.includes(one)));
  remembered.set(home, new Set(found.map((one) => `${one.pid} ${one.started}`)));
  return found;
}

function look(pid: string, home: string): Process[] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields[0] === 'Z') return [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const isOurs =
      command.includes(home) ||
      readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`INKREEL_HOME=${home}`) ||
      readlinkSync(`/proc/${pid}/cwd`).startsWith(home);
    const program = basename(readlinkSync(`/proc/${pid}/exe`));
    return [{ pid: Number(pid), parent: Number(fields[1]), started: fields[19], program, command, isOurs }];
  } catch {
    return []; // it ended while we looked, or is a kernel thread
  }
}

export class Instance {
  output = '';
  readonly ended: Promise<number | null>;

  private constructor(
    readonly home: string,
    readonly port: number,
    readonly npm: ChildProcess,
  ) {
    npm.stdout?.on('data', (data: Buffer) => (this.output += data.toString()));
    npm.stderr?.on('data', (data: Buffer) => (this.output += data.toString()));
    this.ended = new Promise((done) => npm.once('close', (code) => done(code)));
  }

  /** Runs a script of package.json as npm would for a user. */
  static run(script: string[], home: string, port: number, env: NodeJS.ProcessEnv = {}, clone = ROOT): Instance {
    const npm = spawn('npm', script, {
      cwd: clone,
      env: cleanEnvironment({ INKREEL_HOME: home, PORT: String(port), ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Instance(home, port, npm);
  }

  /** `npm start`, until it says that it is up. */
  static async start(home: string, port?: number): Promise<Instance> {
    const instance = Instance.run(['start'], home, port ?? (await freePort()));
    await instance.says('Inkreel is up', 120);
    return instance;
  }

  async says(text: string, seconds = 30): Promise<void> {
    await until(
      `"${text}" in the output`,
      () => {
        if (this.hasEnded && !this.output.includes(text)) throw new Error(`it ended without saying "${text}":\n${this.output}`);
        return this.output.includes(text);
      },
      seconds,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
  }

  private get hasEnded(): boolean {
    return this.npm.exitCode !== null || this.npm.signalCode !== null;
  }

  get run(): Run {
    return JSON.parse(readFileSync(join(this.home, 'run.json'), 'utf8')) as Run;
  }

  pid(name: string): number {
    return name === 'npm' ? this.npm.pid! : this.run.processes[name].pid;
  }

  async isServing(port = this.port): Promise<boolean> {
    return fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.status === 200,
      () => false,
    );
  }

  /** Stops it, as Ctrl-C does, and waits until all its processes have ended. */
  async stop(): Promise<void> {
    const starter = processesOf(this.home).find(
      ({ program, command }) => program === 'node' && command.includes('tools/launcher/start.mjs'),
    );
    if (starter) process.kill(starter.pid, 'SIGINT');
    await this.isGone();
  }

  async isGone(seconds = 30): Promise<void> {
    await until('nothing of it is left', () => processesOf(this.home).length === 0, seconds).catch((error: Error) => {
      const left = processesOf(this.home).map(({ pid, command }) => `${pid} ${command}`);
      throw new Error(`${error.message}; there is:\n${left.join('\n')}\n${this.output}`);
    });
  }
}

/** Kills what a failed test left running, and deletes its home. */
export async function clear(home: string): Promise<void> {
  for (const { pid } of processesOf(home)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone already
    }
  }
  await until('all killed', () => processesOf(home).length === 0, 10);
  rmSync(home, { recursive: true, force: true });
}
