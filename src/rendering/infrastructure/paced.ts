/**
 * A queue of Bull's that asks for its next job when there is room, neither sooner nor later.
 *
 * Bull takes the next job when one is finished. A scene makes room before: once its frames are drawn, while its encoder finishes and its
 * segment is stored. And to take jobs in advance would keep them from other workers that have nothing to do.
 */
import type { Job, Queue } from 'bull';

/** Bull has it, and its types do not say so. */
interface Processing {
  processJob(job: Job | undefined, notFetch?: boolean): Promise<unknown>;
}

/**
 * @param room waits until one more may be taken, and says what to call when it was not, or has begun
 * @returns to be told of every job that has begun
 */
export function paced(queue: Queue, room: () => Promise<() => void>): (job: Job) => void {
  const taken = new Map<string, () => void>();
  const began = ({ id }: Job): void => {
    taken.get(String(id))?.();
    taken.delete(String(id));
  };
  const processing = queue as Queue & Processing;
  const [getNextJob, processJob] = [queue.getNextJob.bind(queue), processing.processJob.bind(queue)];
  queue.getNextJob = async () => {
    const giveBack = await room();
    const job = await getNextJob().catch((error: unknown) => {
      giveBack();
      throw error;
    });
    if (job) taken.set(String(job.id), giveBack);
    else giveBack();
    return job;
  };
  processing.processJob = async (job) => {
    try {
      return await processJob(job, true); // true: the next one is not taken in the same breath
    } finally {
      if (job) began(job);
    }
  };
  return began;
}
