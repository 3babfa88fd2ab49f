/** The built product and a Redis as child processes, which end with the test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until.js';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = resolve(process.env.INKREEL_DIST ?? join(ROOT, 'dist'));
const LOG_CHARACTERS = 200_000;
const living = new Set<ChildProcess>();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

export const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

/** One child process. Its output is kept; `stop` resolves when it has ended. */
export class Program {
  private said = '';
  readonly ended: Promise<void>;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    living.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (this.said = (this.said + data.toString()).slice(-LOG_CHARACTERS)));
    this.ended = new Promise((done) => child.once('exit', () => done(void living.delete(child))));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends the signal; resolves once the process is gone, which SIGSTOP does not wait for. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.isAlive) this.child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.ended;
  }

  /** SIGTERM, then SIGKILL if it has not ended. */
  async stop(): Promise<void> {
    const patience = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.kill('SIGTERM');
    clearTimeout(patience);
  }

  log(lines = Infinity): string {
    return this.said.split('\n').slice(-lines).join('\n');
  }

  /** The first message over its channel that says `ready`. */
  ready(): Promise<void> {
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`${this.name} was not ready within 60 s:\n${this.log(40)}`)), 60_000);
      this.child.on('message', (message: { ready?: boolean }) => message.ready && done(clearTimeout(late)));
      void this.ended.then(() => fail(new Error(`${this.name} ended while starting:\n${this.log(40)}`)));
    });
  }
}

/** `dist/src/<name>.js`, of another build if `env.INKREEL_DIST` names one. It ends by itself when its channel to us closes, so not even a killed test leaves it behind. */
export async function startProgram(name: 'web' | 'worker' | 'migrate', env: NodeJS.ProcessEnv): Promise<Program> {
  const inherited = Object.entries(process.env).filter(([key]) =>
    /^(PATH|HOME|TMPDIR|LANG|LC_\w+|FFMPEG_PATH|LD_LIBRARY_PATH)$/.test(key),
  );
  const child = spawn(process.execPath, ['--enable-source-maps', join(env.INKREEL_DIST ?? DIST, `src/${name}.js`)], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), NODE_ENV: 'test', LOG_LEVEL: 'warn', RATE_LIMITS: 'all=1000000/60', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const program = new Program(name, child);
  await program.ready();
  return program;
}

export interface PostgresServer {
  readonly url: string;
  /** Resolves when it answers queries again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A migrated PostgreSQL for one test. It ends with the test, because its standard input closes. */
export async function startPostgres(folder: string): Promise<PostgresServer> {
  const port = await freePort();
  const script = join(ROOT, 'test/support/postgres-server.mjs');
  const child = spawn(process.execPath, [script, folder, String(port)], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: url } = await lines.next();
  if (!url) throw new Error('PostgreSQL ended before it took queries');
  execFileSync(process.execPath, [join(DIST, 'src/migrate.js')], { cwd: ROOT, env: { ...process.env, DATABASE_URL: url } });
  return {
    url,
    async restart() {
      child.stdin.write('restart\n');
      await lines.next();
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A Redis with its append-only file in `folder`: started again there, it has the same data. */
export async function startRedis(folder: string, port: number): Promise<Program> {
  const { bin, env } = foundRedis();
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'redis.conf'),
    `port ${port}\nbind 127.0.0.1\nsave ""\nappendonly yes\nmaxmemory-policy noeviction\n`,
  );
  const child = spawn(bin, ['redis.conf'], { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const redis = new Program('redis', child);
  await until(async () => (await asked(port, 'PING\r\n')).startsWith('+PONG'), 20_000, `Redis answers on ${port}`);
  return redis;
}

/** One inline command of the protocol of Redis; '' without an answer. */
export const asked = (port: number, command: string): Promise<string> =>
  new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(command));
    socket.once('data', (data) => done(socket.destroy() && data.toString()));
    socket.once('error', () => done(''));
    socket.once('close', () => done(''));
  });

/** The launcher knows where a Redis may be (PATH, Homebrew, the clone's cache). */
function foundRedis(): { bin: string; env: Record<string, string> } {
  const question = `import('./tools/launcher/parts/redis-server.mjs').then((found) => console.log(JSON.stringify(found.findRedis() ?? null)))`;
  const found = JSON.parse(execFileSync(process.execPath, ['-e', question], { cwd: ROOT, encoding: 'utf8' })) as never;
  if (!found) throw new Error('There is no redis-server: run this test through "npm test", which provides one.');
  return found;
}
