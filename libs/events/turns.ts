/**
 * A fair order for errands: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996), with every errand counted as equal.
 *
 * Each errand of a share gets the turn after that share's last open one, but none that the queue is past already; the lowest
 * turn goes first. So who comes with one errand meets a queue of two hundred of somebody else's near its head, and nobody
 * waits for ever, as every newcomer starts where the queue has come to.
 *
 * A turn is the delivery's priority: Bull sorts by it, and it stands in Postgres, from where it comes back when Redis is
 * emptied. Two that are sent in the same moment may get the same turn, which is as fair.
 */
import type { EntityManager } from 'typeorm';
import type { Errand } from '#libs/kernel/outbox';
import { type DeliveryRow, laneOf } from './event.row.js';

type Place = Pick<DeliveryRow, 'consumer' | 'queue' | 'priority' | 'share'>;

interface Open {
  consumer: string;
  share: string;
  /** The turn that the queue has come to. */
  now: number | null;
  /** The last turn that this share has taken and not used. */
  last: number | null;
}

const isOpen = 'share IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL';

/** Where each errand stands in its queue, in the given order. */
export async function places(manager: EntityManager, errands: readonly Errand[]): Promise<Place[]> {
  const shares = new Map(
    errands.flatMap(({ queue, share }) => (share === undefined ? [] : [[nameOf(queue, share), { queue, share }]])),
  );
  const open = shares.size ? await taken(manager, [...shares.values()]) : [];
  const turns = new Map(open.map((one) => [nameOf(one.consumer, one.share), one]));
  return errands.map(({ queue, share, express, lane }) => {
    const standing = (name: string): string => (lane === undefined ? name : laneOf(name, lane));
    const turn = share === undefined ? undefined : turns.get(nameOf(queue, share));
    if (!turn || share === undefined) return { consumer: queue, queue: standing(queue), priority: 5, share: null };
    const first = turn.last === null;
    turn.last = Math.max(turn.now ?? 1, (turn.last ?? 0) + 1);
    return { consumer: queue, queue: standing(first ? (express ?? queue) : queue), priority: turn.last, share };
  });
}

function taken(manager: EntityManager, shares: readonly { queue: string; share: string }[]): Promise<Open[]> {
  return manager.query(
    `SELECT asked.consumer, asked.share,
            (SELECT min(d.priority) FROM events.delivery d WHERE d.consumer = asked.consumer AND ${isOpen}) AS now,
            (SELECT max(d.priority) FROM events.delivery d
              WHERE d.consumer = asked.consumer AND d.share = asked.share AND d.handled_at IS NULL AND d.failed_at IS NULL) AS last
       FROM unnest($1::text[], $2::text[]) AS asked(consumer, share)`,
    [shares.map(({ queue }) => queue), shares.map(({ share }) => share)],
  );
}

const nameOf = (queue: string, share: string): string => `${queue} ${share}`;
