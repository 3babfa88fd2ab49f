import { readFileSync } from 'node:fs';

/**
 * What Linux tells of a process that runs, or has ended and was not waited for yet: the fields of /proc/<pid>/stat that follow its name,
 * which may hold spaces (proc(5)), so `[0]` is field 3 there. Empty where there is no /proc, or no such process.
 */
export function statOf(pid: number | null | undefined): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .trim()
      .split(' ');
  } catch {
    return [];
  }
}
