/**
 * A fair order for jobs: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996), with every job counted as equal.
 *
 * Each job of a share gets the turn after that share's last open one, but none that the queue is past already; the lowest
 * turn goes first. So who comes with one job meets a queue of two hundred of somebody else's near its head, and nobody
 * waits for ever, as every newcomer starts where the queue has come to.
 *
 * A turn is the delivery's priority: Bull sorts by it, and it stands in Postgres, from where it comes back when Redis is
 * emptied. Two that are sent in the same moment may get the same turn, which is as fair.
 */
import type { EntityManager } from 'typeorm';
import type { Job } from '#libs/kernel/outbox';
import { type DeliveryRow, workerGroupQueue } from './event.row.js';

type Placement = Pick<DeliveryRow, 'consumer' | 'queue' | 'priority' | 'fairnessKey'>;

interface OpenKey {
  consumer: string;
  fairnessKey: string;
  /** The turn that the queue has come to. */
  now: number | null;
  /** The last turn that this share has taken and not used. */
  last: number | null;
}

const isOpen = 'fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL';

/** Where each job stands in its queue, in the given order. */
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
