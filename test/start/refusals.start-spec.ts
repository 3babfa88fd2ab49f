import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freshDatabase } from '../support/database.js';
import { cleanEnvironment, clear, freePort, newHome, processesOf, ROOT } from './instance.js';

/** Runs what `npm start` runs. @returns exit code, the refusal (what follows the cross) and the seconds it took */
async function start(
  env: NodeJS.ProcessEnv,
  ...preload: string[]
): Promise<{ code: number | null; refusal: string; seconds: number }> {
  const began = Date.now();
  const args = [
    ...preload.flatMap((file) => ['-r', file]),
    '-r',
    './tools/launcher/node-version.cjs',
    'tools/launcher/start.mjs',
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, env: cleanEnvironment(env) });
  let errors = '';
  child.stdout.resume();
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, refusal: errors.trim().replace(/^✗ /, ''), seconds: (Date.now() - began) / 1000 };
}

/** One line, one sentence with a fix after the colon, exit code 1, at once. */
function expectRefusal(answer: Awaited<ReturnType<typeof start>>, words: RegExp): void {
  expect(answer.refusal).toMatch(words);
  expect(answer.refusal).toMatch(/^[^\n]+: [^\n]+\.$/);
  expect(answer.code).toBe(1);
  expect(answer.seconds).toBeLessThan(3);
}

describe('npm start refuses with one sentence', () => {
  const home = newHome();
  const folder = mkdtempSync(join(tmpdir(), 'inkreel-refusals-'));
  let port: number;
  beforeAll(async () => {
    port = await freePort();
  });
  afterAll(async () => {
    await clear(home);
    rmSync(folder, { recursive: true, force: true });
  });

  it('a port that is taken', async () => {
    const taken: Server = createServer();
    await new Promise<void>((done) => taken.listen(port, '127.0.0.1', done));
    const answer = await start({ INKREEL_HOME: home, PORT: String(port) });
    taken.close();
    expectRefusal(answer, new RegExp(`Port ${port} is taken .*PORT=${port + 1} npm start`));
  });

  it('an old Node', async () => {
    const old = join(folder, 'old.cjs');
    writeFileSync(old, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } });`);
    const answer = await start({ INKREEL_HOME: home, PORT: String(port) }, old);
    expectRefusal(answer, /needs Node 20\.19\+, 22\.12\+ or 24\+, and this is Node 20\.18\.3/);
  });

  it.each([
    ['PORT=abc', { PORT: 'abc' }, /PORT=abc is not a port number/],
    ['an address of another machine', { HOST: '203.0.113.7' }, /HOST=203\.0\.113\.7 is not an address of this machine/],
    [
      'a database of another kind',
      { DATABASE_URL: 'mysql://localhost/x' },
      /DATABASE_URL is not a URL that starts with postgres:\/\//,
    ],
    [
      'a database that is not there',
      { DATABASE_URL: 'postgres://u:p@127.0.0.1:9/x' },
      /DATABASE_URL names 127\.0\.0\.1:9, where nothing answers/,
    ],
    ['a Redis that is not there', { REDIS_URL: 'redis://127.0.0.1:9' }, /REDIS_URL names 127\.0\.0\.1:9, where nothing answers/],
    ['an ffmpeg that is missing', { FFMPEG_PATH: '/nowhere/ffmpeg' }, /FFMPEG_PATH=\/nowhere\/ffmpeg is not a file/],
    ['a key that is missing', { SIGNING_KEY_FILE: '/nowhere/key' }, /SIGNING_KEY_FILE=\/nowhere\/key is not a file/],
  ])('%s', async (_what, env, words) => {
    expectRefusal(await start({ INKREEL_HOME: home, PORT: String(port), ...env }), words);
  });

  it('a home that is a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expectRefusal(await start({ INKREEL_HOME: file, PORT: String(port) }), /INKREEL_HOME .* cannot be written/);
  });

  it('a machine without Redis and without apt', async () => {
    const cached = join(ROOT, '.cache/redis');
    if (existsSync(cached) || existsSync('/opt/homebrew'))
      return console.warn(`SKIPPED: a Redis is found in ${cached} or Homebrew whatever PATH says`);
    mkdirSync(join(folder, 'bin'));
    symlinkSync(process.execPath, join(folder, 'bin/node'));
    const answer = await start({ INKREEL_HOME: home, PORT: String(port), PATH: join(folder, 'bin') });
    expectRefusal(answer, /no redis-server or valkey-server on this machine: install one/);
  });

  it('a disk that is full', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'inkreel-test', disk], { stdio: 'ignore' });
    } catch {
      return console.warn('SKIPPED: a small disk cannot be mounted here (it takes root)');
    }
    try {
      expectRefusal(
        await start({ INKREEL_HOME: join(disk, 'home'), PORT: String(port) }),
        /Only 0\.1 GB are free on the disk of .* 3 GB are needed/,
      );
      try {
        writeFileSync(join(disk, 'filler'), Buffer.alloc(64 * 1024 * 1024));
      } catch {
        // this fills it to the last byte
      }
      expectRefusal(await start({ INKREEL_HOME: disk, PORT: String(port) }), /The disk of .* is full/);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('a variable that only the product reads, and leaves no process running', async () => {
    const answer = await start({ INKREEL_HOME: home, PORT: String(port), LOG_LEVEL: 'loud' });
    expect(answer.refusal).toContain('LOG_LEVEL=loud is none of');
    expect(answer.refusal).not.toMatch(/^\s+at /m);
    expect(answer.code).toBe(1);
    expect(processesOf(home)).toEqual([]);
  });

  it('a database of an older version, and leaves it as it is', async () => {
    const database = await freshDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`INSERT INTO public.migration (timestamp, name) VALUES (1764200001000, 'Script1764200001000')`);
      const given = { DATABASE_URL: database.url, REDIS_URL: process.env.TEST_REDIS_URL };
      const answer = await start({ INKREEL_HOME: home, PORT: String(port), ...given });
      expect(answer.refusal).toMatch(/^Another version of Inkreel made this database [^\n]+: run "npm run reset" [^\n]+\.$/);
      expect(answer.code).toBe(1);
      expect(processesOf(home)).toEqual([]);
    } finally {
      await client.end();
      await database.drop();
    }
  });
});
