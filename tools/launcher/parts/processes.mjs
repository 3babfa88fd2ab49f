/**
 * Processes are identified by pid *and* start time, so that a reused pid is never signalled. This file also runs programs to
 * their end, and notices when our parent process has ended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** When `pid` was started, in a form that differs for all processes of this machine; null when it is not running. */
export function startedAt(pid) {
  if (!Number.isInteger(pid) || pid < 1) return null;
  if (process.platform === 'linux') {
    try {
      // the name (field 2) may contain spaces and brackets: count from the last bracket; field 22 is the start time, 3 the state
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : `${bootId()}:${fields[19]}`;
    } catch {
      return null;
    }
  }
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [state, ...time] = ps.stdout?.trim().split(/\s+/) ?? [];
  return ps.status === 0 && state && !state.startsWith('Z') ? time.join(' ') : null;
}

function bootId() {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  } catch {
    return 'boot';
  }
}

/** @typedef {{ pid: number, started: string }} Known */
/** @returns {Known} */
export const known = (pid) => ({ pid, started: startedAt(pid) ?? 'gone' });
export const isAlive = (who) => Boolean(who?.started) && startedAt(who.pid) === who.started;

/** Sends each `[signal, ms]` to a known process (with `group`, to its process group) and waits, until it has ended. */
export async function stop(who, ...attempts) {
  for (const [signal, patience] of attempts) {
    if (!isAlive(who)) return;
    send(who.group ? -who.pid : who.pid, signal);
    for (const until = Date.now() + patience; Date.now() < until && isAlive(who);) await sleep(25);
  }
}

export function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

/**
 * Calls `then` once when the npm that started us has ended: a SIGTERM or SIGKILL sent to npm alone does not reach us, neither
 * directly nor through the shell in between, and all our processes would be orphans. A parent other than npm (nohup, systemd)
 * may end before us.
 */
function whenNpmEnds(then) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const npm = npmBehind(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && (!npm || isAlive(npm))) return;
    clearInterval(timer);
    then();
  }, 300);
  timer.unref();
}

/** The parent of process `pid`, when `pid` is the shell in which npm runs scripts. */
function npmBehind(pid) {
  const [parent, command] = process.platform === 'linux' ? parentByProc(pid) : parentByPs(pid);
  return /(^|\/)-?(sh|dash|bash|zsh|ash)$/.test(command) && parent > 1 ? known(parent) : undefined;
}

function parentByProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return [Number(stat.replace(/^.*\) /s, '').split(' ')[1]), stat.replace(/^\d+ \(|\) [^)]*$/gs, '')];
  } catch {
    return [0, ''];
  }
}

function parentByPs(pid) {
  const [parent, command = ''] =
    spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' })
      .stdout?.trim()
      .split(/\s+/) ?? [];
  return [Number(parent), command];
}

/**
 * Runs a program to its end, and ends it when we are asked to stop. Its output goes to our own; with `quiet` it is returned.
 * With `group` it gets a process group, which is signalled as a whole: for programs that do not end their own children.
 */
export function run(command, args, { quiet = false, group = false, timeout, spawned, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      detached: group,
      ...options,
    });
    spawned?.(child.pid);
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    const timer = timeout && setTimeout(() => child.kill('SIGKILL'), timeout);
    const release = onStop(() => child.pid && send(group ? -child.pid : child.pid, 'SIGTERM'));
    const done = (code) => {
      clearTimeout(timer);
      release();
      resolve({ code, output });
    };
    child.once('error', (error) => ((output += error.message), done(127)));
    child.once('close', (code, signal) => done(code ?? (signal ? 1 : 0)));
  });
}

/**
 * Calls `listener(why)` on Ctrl-C, SIGTERM, a closed terminal, or the end of npm. The newest listener is called first. The
 * function that `onStop` returns removes the listener; without any listener the process exits.
 */
const listeners = [];
let watching = false;

export function onStop(listener) {
  listeners.push(listener);
  if (!watching) {
    watching = true;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopAll(signal));
    whenNpmEnds(() => stopAll('npm, which started this, has ended'));
  }
  return () => {
    const at = listeners.indexOf(listener);
    if (at >= 0) listeners.splice(at, 1);
  };
}

export let stopping = '';
function stopAll(why) {
  stopping ||= why;
  for (const listener of [...listeners].reverse()) listener(why);
  if (listeners.length === 0) process.exit(130);
}
