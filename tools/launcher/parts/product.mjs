/** The programs of the product, run from one build: migrate and seed to their end; web and worker until they are stopped. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE, ROOT } from './paths.mjs';
import { run } from './processes.mjs';
import { Refusal } from './refusal.mjs';

/** In this time the web process closes its sockets, and the worker gives its jobs back to the queue. */
const STOP = [
  ['SIGTERM', 15_000],
  ['SIGKILL', 2000],
];
const START_TIMEOUT = 60_000;

/** Runs `dist/src/<name>.js` to its end. When it fails, its error message becomes the refusal, without the stack. */
export async function runProgram(dist, name, env, ...args) {
  const program = [path.join(dist, `src/${name}.js`), ...args];
  const { code, output } = await run(process.execPath, program, { cwd: ROOT, env, quiet: true });
  if (code !== 0) throw new Refusal(mistake(output) || `${name} ended with code ${code}`);
  return output;
}

function mistake(output) {
  const lines = output.split('\n').filter((line) => line.trim() && !/^\s+at |^Node\.js v|^\s*\^+\s*$/.test(line));
  const plain = lines.filter((line) => !line.startsWith('{'));
  return (plain.length > 0 ? plain : lines.slice(-1)).slice(0, 20).join('\n');
}

/** A worker waits for its children most of the time; memory that V8 does not return is not available to encoders. */
export const NODE_OPTIONS_OF = { worker: ['--max-semi-space-size=2'] };

/**
 * Web or worker for the supervisor. They notice by the IPC channel that the starter has ended; their output goes straight to
 * the log file, so that they can still write then.
 */
export function program({ dist, name, log, env, ready }) {
  return {
    name,
    log,
    stopWith: STOP,
    ready,
    spawn: () => {
      const output = openSync(log, 'a', 0o600);
      const child = spawn(
        process.execPath,
        ['--enable-source-maps', ...(NODE_OPTIONS_OF[name] ?? []), path.join(dist, `src/${name}.js`)],
        {
          cwd: ROOT,
          env: { NODE_COMPILE_CACHE: path.join(CACHE, 'compiled'), ...env }, // Node 22+ keeps compiled code between starts
          detached: true, // on Ctrl-C the starter stops them, in the right order
          stdio: ['ignore', output, output, 'ipc'],
        },
      );
      closeSync(output);
      return child;
    },
  };
}

/** Resolves when GET /readyz answers 200; `unready` is called once after ten answers of 503. */
export const webReady = (host, port, unready) => async (child) => {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  let refused = 0;
  for (const until = Date.now() + START_TIMEOUT; Date.now() < until; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended while starting');
    const status = await statusOf(address, port);
    if (status === 200) return;
    if (status === 503 && (refused += 1) === 10) await unready?.();
  }
  throw new Error(`GET /readyz did not answer 200 within ${START_TIMEOUT / 1000} s`);
};

/** Resolves when the program says `{ ready: true }` over IPC. */
export const saysReady = (child) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it was not ready within ${START_TIMEOUT / 1000} s`)), START_TIMEOUT);
    child.on('message', (message) => {
      if (!message?.ready) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', () => (clearTimeout(timer), reject(new Error('it ended while starting'))));
  });

function statusOf(host, port) {
  return new Promise((resolve) => {
    const request = http.get({ host, port, path: '/readyz', timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}
