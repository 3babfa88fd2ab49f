/** Stops the processes that a killed starter left running: its run.json names each of them with its start time. */
import { STOP_POSTGRES } from './postgres.mjs';
import { isAlive, stop } from './processes.mjs';

const HOW = {
  postgres: STOP_POSTGRES,
  redis: [
    ['SIGTERM', 5000],
    ['SIGKILL', 2000],
  ],
};
/** Web and worker end by themselves when their starter has ended; this is for one that hangs. */
const PROGRAM = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 2000],
];

/** @returns {Promise<string[]>} the names of the processes that were still running */
export async function clearLeftovers(home) {
  const run = home.readRun();
  if (!run || home.living()) return [];
  const left = Object.entries(run.processes ?? {}).filter(([, process]) => isAlive(process));
  const servers = left.filter(([name]) => name in HOW);
  await Promise.all(left.filter(([name]) => !(name in HOW)).map(([, process]) => stop(process, ...PROGRAM)));
  await Promise.all(servers.map(([name, process]) => stop(process, ...HOW[name])));
  home.removeRun();
  return left.map(([name]) => name);
}
