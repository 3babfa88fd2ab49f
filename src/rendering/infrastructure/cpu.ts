import { statOf } from './process-stat.js';

/** Ticks of the kernel's clock in a second; 100 on every Linux that Node runs on. */
const HERTZ = 100;

/** User and system seconds of a process that runs, or has ended and was not waited for yet. Undefined where there is no /proc. */
export function cpuOf(pid: number | undefined): number | undefined {
  const fields = statOf(pid);
  return fields.length ? (Number(fields[11]) + Number(fields[12])) / HERTZ : undefined;
}

/** CPU seconds of this process since a reading of `process.cpuUsage()`. */
export function ownCpu(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Undefined when any part is. */
export function sumOf(...parts: (number | undefined)[]): number | undefined {
  return parts.reduce((sum, part) => (sum === undefined || part === undefined ? undefined : sum + part), 0);
}
