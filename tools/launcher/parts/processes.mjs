/**
 * Processes known by pid *and* start time, so that a number the system has given to somebody else is never signalled.
 * Also: running a program to its end, and noticing that our own parent is gone.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** When `pid` was started, in a form that differs for every process this machine ever ran; null when it is not alive. */
export function startedAt(pid) {
  if (!Number.isInteger(pid) || pid < 1) return null;
  if (process.platform === 'linux') {
    try {
      // the name (field 2) may hold spaces and brackets: count from the last bracket; 22 is the start time, 3 the state
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

/** Signals a known process (with `group`, all of its process group) and waits; each `[signal, ms]` is tried until it is gone. */
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
    // it left on its own
  }
}

/**
 * Calls `then` once when the npm that started us goes away: a SIGTERM or SIGKILL sent to npm alone reaches us neither
 * directly nor through the shell that stands between, and the whole stack would be orphaned. Who runs `node` without npm
 * (nohup, systemd) may leave.
 */
function whenNpmGoes(then) {
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

/** The parent of process `pid` when `pid` is a shell that npm put in between. */
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
 * Runs a program to its end; it is ended when we are told to stop. Output goes to our own, or is gathered with `quiet`.
 * With `group` it leads a process group that is signalled as a whole, for programs that leave their workers behind.
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
 * One place for "stop now": Ctrl-C, SIGTERM, a closed terminal, or a parent that went. The newest listener is asked first;
 * a listener stays until it calls the function it got back. Without any, the process leaves.
 */
const listeners = [];
let watching = false;

export function onStop(listener) {
  listeners.push(listener);
  if (!watching) {
    watching = true;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopAll(signal));
    whenNpmGoes(() => stopAll('npm, which started this, is gone'));
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
