/**
 * CPU of a command and of everything it starts: user and system time as the shell's own `times` gives it once the command has
 * ended, which is what the kernel adds up for children that were waited for, and for theirs (times(2): tms_cutime, tms_cstime). No
 * sampling, so nothing short-lived is missed; a process that nobody waits for would be, so what is measured must end its children.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const running = new Set();
process.on('exit', () => {
  for (const group of running) end(group);
});

/**
 * @param {string[]} command program and arguments
 * @returns {Promise<{ cpu: number, wall: number, stdout: string, stderr: string }>} seconds
 */
export async function measured(command, { env = process.env } = {}) {
  const began = performance.now();
  const child = spawn('/bin/sh', ['-c', '"$@"; code=$?; times >&3; exit $code', 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env,
    detached: true, // a process group of its own, to be ended as a whole
  });
  running.add(child.pid);
  const [stdout, stderr, times, code] = await Promise.all([
    textOf(child.stdio[1]),
    textOf(child.stdio[2]),
    textOf(child.stdio[3]),
    new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  running.delete(child.pid);
  if (code !== 0) throw new Error(`${command.slice(0, 2).join(' ')} ended with ${code}.\n${stderr.slice(-2_000)}`);
  const [, children] = times.trim().split('\n');
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0);
  return { cpu, wall: (performance.now() - began) / 1000, stdout, stderr };
}

/** User and system seconds of one living process, its threads included; 0 without /proc. */
export const cpuOf = (pid) => statOf(pid)?.own ?? 0;

/** The same of a process, all that descend from it and live, and all that they waited for: exact while none is being born or dying. */
export function cpuOfTree(pid) {
  if (!statOf(pid)) return 0;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), ...statOf(name) }));
  const sum = (root) =>
    all.reduce((total, one) => total + (one.pid === root ? one.own + one.waitedFor : one.parent === root ? sum(one.pid) : 0), 0);
  return sum(pid);
}

/** Bytes of memory of a process and all that descend from it, what they share counted once (PSS); 0 without /proc. */
export function memoryOfTree(pid) {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), statOf(name)?.parent]),
  );
  const below = (root) => [root, ...[...parents].filter(([, parent]) => parent === root).flatMap(([child]) => below(child))];
  return below(pid).reduce((sum, one) => sum + shareOf(one), 0);
}

function shareOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;
  } catch {
    return 0; // it left, or is somebody else's
  }
}

function statOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const ticks = (from, to) => fields.slice(from, to).reduce((sum, field) => sum + Number(field), 0) / 100; // USER_HZ
    return { parent: Number(fields[1]), own: ticks(11, 13), waitedFor: ticks(13, 15) };
  } catch {
    return undefined; // it left, or there is no /proc
  }
}

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function end(group) {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // it left on its own
  }
}

function textOf(stream) {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (part) => (text += part)).once('close', () => resolve(text));
  });
}
