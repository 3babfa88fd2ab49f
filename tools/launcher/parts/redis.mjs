/** Runs a Redis: with an append-only file (jobs are kept when it is killed), without eviction, on 127.0.0.1, with a password. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWhole } from './files.mjs';
import { answers } from './ports.mjs';

export const redisUrl = ({ port, password }) => `redis://${password ? `:${password}@` : ''}127.0.0.1:${port}`;

/**
 * Spawned in a session of its own: on Ctrl-C the starter stops it. Settings are written to a file: every user can read a password
 * on the command line, and Redis splits arguments with spaces.
 */
export function spawnRedis({ server, folder, port, password, keep, log }) {
  mkdirSync(folder, { recursive: true });
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    'save ""',
    `appendonly ${keep ? 'yes' : 'no'}`,
    'maxmemory-policy noeviction',
    ...(password ? [`requirepass ${password}`] : []),
  ];
  writeWhole(path.join(folder, 'redis.conf'), `${settings.join('\n')}\n`);
  const output = log ? openSync(log, 'a', 0o600) : 'ignore';
  const child = spawn(server.bin, ['redis.conf'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...server.env },
  });
  if (log) closeSync(output);
  return child;
}

/** Resolves when it answers PONG, after it has read its append-only file; rejects when `child` ends before. */
export async function redisReady(child, { port, password }, timeout = 30_000) {
  const hello = `${password ? `AUTH ${password}\r\n` : ''}PING\r\n`;
  for (const until = Date.now() + timeout; Date.now() < until; await sleep(20)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('redis-server ended while starting');
    const answer = await answers('127.0.0.1', port, { hello });
    if (answer?.startsWith(password ? '+OK' : '+PONG')) {
      if (!password || answer.includes('+PONG')) return;
      if ((await answers('127.0.0.1', port, { hello }))?.includes('+PONG')) return;
    }
  }
  throw new Error(`redis-server did not answer within ${timeout / 1000} s`);
}
