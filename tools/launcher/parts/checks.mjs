/** Checks before anything is installed or started. Each takes milliseconds and refuses with one sentence that names the fix. */
import { accessSync, constants, existsSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { answers, whyNotListen } from './ports.mjs';
import { short } from './paths.mjs';
import { Refusal } from './refusal.mjs';

const GB = 1024 ** 3;
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/** The npm packages with PostgreSQL, pictures and password hashing are compiled for these systems and for glibc 2.28+. */
export function checkMachine(env) {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32')
    throw new Refusal('Inkreel does not run on Windows itself: run the same command inside WSL, or use docker compose up.');
  if (!env.DATABASE_URL && !PLATFORMS.includes(platform))
    throw new Refusal(
      `There is no bundled PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL 16 or newer, or use docker compose up.`,
    );
  if (process.platform !== 'linux') return platform;
  process.report.excludeNetwork = true; // otherwise the report resolves the names of our sockets, which can take seconds
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  if (!glibc)
    throw new Refusal(
      'This Linux has no glibc (Alpine?), which the bundled PostgreSQL needs: use a Debian or Ubuntu based image, or docker compose up.',
    );
  const [major, minor] = glibc.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 28))
    throw new Refusal(`glibc ${glibc} is too old, 2.28 is needed: use Debian 10, Ubuntu 20.04 or newer, or docker compose up.`);
  return `${platform}, glibc ${glibc}`;
}

/** Makes `folder` if it can, proves that it can be written, and that its disk has `gigabytes` left. @returns free GB */
export function checkFolder(folder, gigabytes, name) {
  const probe = path.join(folder, `.write-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, 'x'.repeat(4096));
  } catch (error) {
    throw new Refusal(
      error.code === 'ENOSPC'
        ? `The disk of ${folder} is full: free at least ${gigabytes} GB there, or choose another place with INKREEL_HOME.`
        : `${name} ${folder} cannot be written (${error.code}): give the user that runs this command the right to, or ${
            name === 'INKREEL_HOME' ? 'choose another folder with INKREEL_HOME' : 'clone into a folder of its own'
          }.`,
    );
  }
  rmSync(probe, { force: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / GB;
  if (free < gigabytes)
    throw new Refusal(
      `Only ${free.toFixed(1)} GB are free on the disk of ${folder} and ${gigabytes} GB are needed: free some space, or choose another disk with ${
        name === 'INKREEL_HOME' ? 'INKREEL_HOME' : 'a clone elsewhere'
      }.`,
    );
  return free;
}

/** The variables that the starter itself acts on; the product checks all others, and these again, when it starts. */
export async function checkVariables(env) {
  const port = env.PORT?.trim();
  if (port && !(/^\d+$/.test(port) && Number(port) <= 65535))
    throw new Refusal(`PORT=${port} is not a port number: give one from 1024 to 65535, for example PORT=3001.`);
  for (const name of ['FFMPEG_PATH', 'SIGNING_KEY_FILE']) checkFile(name, env[name]?.trim(), name === 'FFMPEG_PATH');
  await Promise.all([
    checkServer(env, 'DATABASE_URL', ['postgres:', 'postgresql:'], 5432, 'PostgreSQL'),
    checkServer(env, 'REDIS_URL', ['redis:', 'rediss:'], 6379, 'Redis'),
  ]);
}

function checkFile(name, file, runs) {
  if (!file) return;
  if (!existsSync(file) || !statSync(file).isFile())
    throw new Refusal(`${name}=${file} is not a file: correct the path, or unset ${name} to use Inkreel's own.`);
  try {
    accessSync(file, runs ? constants.X_OK : constants.R_OK);
  } catch {
    throw new Refusal(`${name}=${file} cannot be ${runs ? 'run' : 'read'} by this user: correct its permissions with chmod.`);
  }
}

async function checkServer(env, name, protocols, defaultPort, what) {
  const text = env[name]?.trim();
  if (!text) return;
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol))
    throw new Refusal(
      `${name} is not a URL that starts with ${protocols[0]}//: correct it, or unset it to use Inkreel's own ${what}.`,
    );
  const url = new URL(text);
  const port = Number(url.port) || defaultPort;
  if ((await answers(url.hostname, port)) === undefined)
    throw new Refusal(
      `${name} names ${url.hostname}:${port}, where nothing answers: start that ${what}, or unset ${name} to use Inkreel's own.`,
    );
}

/** Refuses when an instance runs from this home. */
export function checkNotRunning(home, port) {
  const run = home.living();
  if (run)
    throw new Refusal(
      `Inkreel already runs from ${short(home.folder)} (pid ${run.processes.starter.pid}, ${run.urls?.api ?? 'still starting'}): ` +
        `stop it first, or start a second one with PORT=${port + 1} INKREEL_HOME=.inkreel-2 npm start.`,
    );
}

/** Refuses when we cannot listen on the public port. */
export async function checkPort(host, port) {
  const why = port === 0 ? undefined : await whyNotListen(host, port);
  if (!why) return;
  if (why === 'EADDRINUSE')
    throw new Refusal(
      `Port ${port} is taken by another program: stop that, or choose another port, for example PORT=${port + 1} npm start.`,
    );
  if (why === 'EACCES')
    throw new Refusal(`Port ${port} may not be used by this user: choose one above 1023, for example PORT=3000 npm start.`);
  throw new Refusal(`HOST=${host} is not an address of this machine (${why}): use 127.0.0.1, or 0.0.0.0 for all.`);
}
