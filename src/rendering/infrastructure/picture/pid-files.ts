/**
 * Remembers which processes we started, beyond our own death. A stopped encoder (SIGSTOP) never sees its input end, so if every process
 * above it is killed at once it stays; the next start finds its file here and ends it. A pid alone may meanwhile name a stranger's
 * process: the start time, kept beside it, must be the same.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { statOf } from '../process-stat.js';

const SUFFIX = '.pid';

/** @returns how to forget it again, once it has ended */
export function notePid(folder: string, pid: number): () => void {
  const file = path.join(folder, `${pid}${SUFFIX}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, startTime(pid) ?? '');
  return () => forgetPid(folder, pid);
}

export function forgetPid(folder: string, pid: number): void {
  rmSync(path.join(folder, `${pid}${SUFFIX}`), { force: true });
}

/** Whether a process noted in this folder is still there. */
export function isRunning(folder: string): boolean {
  return list(folder).some((name) => {
    const noted = readFileSync(path.join(folder, name), 'utf8');
    return noted !== '' && noted === startTime(Number(name.slice(0, -SUFFIX.length)));
  });
}

/** Ends what an earlier run left behind. @returns the pids that were killed */
export function clearStrays(folder: string): number[] {
  const killed: number[] = [];
  for (const name of list(folder)) {
    const file = path.join(folder, name);
    const pid = Number(name.slice(0, -SUFFIX.length));
    const noted = readFileSync(file, 'utf8');
    if (noted && noted === startTime(pid)) {
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
    }
    rmSync(file, { force: true });
  }
  return killed;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+\.pid$/.test(name));
  } catch {
    return []; // nothing was ever started here
  }
}

/** When a process began, in whatever unit the system tells; nothing when it is gone. */
function startTime(pid: number): string | undefined {
  const told = statOf(pid)[19];
  if (told || process.platform === 'linux') return told;
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
