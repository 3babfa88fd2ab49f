/**
 * Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996), with every job counted as equal: a tenant with one job is served
 * next, even if another tenant has 200 waiting.
 *
 * Each job of a fairness key gets the virtual start time after the last open one of that key, but never one that the queue has
 * passed; the lowest is served first. A newcomer starts at the time that the queue has reached, so no job waits without limit.
 *
 * The virtual start time is the priority of the delivery: Bull sorts by it, and PostgreSQL stores it, so it survives an emptied
 * Redis. Two jobs sent at the same moment may get the same one.
 */
import type { EntityManager } from 'typeorm';
import type { Job } from '#libs/kernel/outbox';
import { type DeliveryRow, workerGroupQueue } from './event.row.js';

type Placement = Pick<DeliveryRow, 'consumer' | 'queue' | 'priority' | 'fairnessKey'>;

interface OpenKey {
  consumer: string;
  fairnessKey: string;
  /** The virtual time that the queue has reached. */
  now: number | null;
  /** The last virtual start time of an open job of this key. */
  last: number | null;
}

const isOpen = 'fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL';

/** Consumer, queue and priority of each job, in the given order. */
export async function placeInQueues(manager: EntityManager, jobs: readonly Job[]): Promise<Placement[]> {
  const keys = new Map(
    jobs.flatMap(({ queue, fairnessKey }) =>
      fairnessKey === undefined ? [] : [[nameOf(queue, fairnessKey), { queue, fairnessKey }]],
    ),
  );
  const open = keys.size ? await loadOpenKeys(manager, [...keys.values()]) : [];
  const virtualStarts = new Map(open.map((one) => [nameOf(one.consumer, one.fairnessKey), one]));
  return jobs.map(({ queue, fairnessKey, fastQueue, workerGroup }) => {
    const queueFor = (name: string): string => (workerGroup === undefined ? name : workerGroupQueue(name, workerGroup));
    const virtualStart = fairnessKey === undefined ? undefined : virtualStarts.get(nameOf(queue, fairnessKey));
    if (!virtualStart || fairnessKey === undefined)
      return { consumer: queue, queue: queueFor(queue), priority: 5, fairnessKey: null };
    const first = virtualStart.last === null;
    virtualStart.last = Math.max(virtualStart.now ?? 1, (virtualStart.last ?? 0) + 1);
    return { consumer: queue, queue: queueFor(first ? (fastQueue ?? queue) : queue), priority: virtualStart.last, fairnessKey };
  });
}

function loadOpenKeys(manager: EntityManager, keys: readonly { queue: string; fairnessKey: string }[]): Promise<OpenKey[]> {
  return manager.query(
    `SELECT asked.consumer, asked.key AS "fairnessKey",
            (SELECT min(d.priority) FROM events.delivery d WHERE d.consumer = asked.consumer AND ${isOpen}) AS now,
            (SELECT max(d.priority) FROM events.delivery d
              WHERE d.consumer = asked.consumer AND d.fairness_key = asked.key AND d.handled_at IS NULL AND d.failed_at IS NULL) AS last
       FROM unnest($1::text[], $2::text[]) AS asked(consumer, key)`,
    [keys.map(({ queue }) => queue), keys.map(({ fairnessKey }) => fairnessKey)],
  );
}

const nameOf = (queue: string, fairnessKey: string): string => `${queue} ${fairnessKey}`;
