/** The product's own programs, run from one build: migrate and seed to their end, web and worker as long as they live. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE, ROOT } from './paths.mjs';
import { run } from './processes.mjs';
import { Refusal } from './refusal.mjs';

/** Web closes its sockets, the worker gives its jobs back: both within this time. */
const STOP = [
  ['SIGTERM', 15_000],
  ['SIGKILL', 2000],
];
const PATIENCE = 60_000;

/** Runs `dist/src/<name>.js` to its end; what it says about a mistake is the refusal, without stack and noise. */
export async function runProgram(dist, name, env) {
  const { code, output } = await run(process.execPath, [path.join(dist, `src/${name}.js`)], { cwd: ROOT, env, quiet: true });
  if (code !== 0) throw new Refusal(mistake(output) || `${name} ended with code ${code}`);
  return output;
}

function mistake(output) {
  const lines = output.split('\n').filter((line) => line.trim() && !/^\s+at |^Node\.js v|^\s*\^+\s*$/.test(line));
  const plain = lines.filter((line) => !line.startsWith('{'));
  return (plain.length > 0 ? plain : lines.slice(-1)).slice(0, 20).join('\n');
}

/** A worker waits for its children most of the time; memory that V8 does not return is missing for encoders. */
export const NODE_OPTIONS_OF = { worker: ['--max-semi-space-size=2'] };

/**
 * Web or worker for the supervisor. The IPC channel is how they notice that we are gone; their output goes straight to the
 * log, so that our own death breaks no pipe.
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
          detached: true, // Ctrl-C is for the starter to hand on, in the right order
          stdio: ['ignore', output, output, 'ipc'],
        },
      );
      closeSync(output);
      return child;
    },
  };
}

/** Resolves when GET /readyz answers 200; `unready` is called once when it keeps answering 503. */
export const webReady = (host, port, unready) => async (child) => {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  let refused = 0;
  for (const until = Date.now() + PATIENCE; Date.now() < until; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended while starting');
    const status = await statusOf(address, port);
    if (status === 200) return;
    if (status === 503 && (refused += 1) === 10) await unready?.();
  }
  throw new Error(`GET /readyz did not answer 200 within ${PATIENCE / 1000} s`);
};

/** Resolves when the program says `{ ready: true }` over IPC. */
export const saysReady = (child) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it was not ready within ${PATIENCE / 1000} s`)), PATIENCE);
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
