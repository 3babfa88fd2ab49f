/** Lists the descendants of a process, to check that an encoder has ended. */
import { execFileSync } from 'node:child_process';

export interface Running {
  pid: number;
  parent: number;
  command: string;
}

/** Every descendant of a process. */
export function descendants(of: number): Running[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 1e7 })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid ? [{ pid: Number(pid), parent: Number(parent), command }] : [];
    });
  const found = [of];
  for (const pid of found) for (const one of all) if (one.parent === pid && !found.includes(one.pid)) found.push(one.pid);
  return all.filter(({ pid }) => pid !== of && found.includes(pid));
}

/** The encoders of pictures among them. */
export const encoders = (of: number): Running[] => descendants(of).filter(({ command }) => command.includes('libx264'));
