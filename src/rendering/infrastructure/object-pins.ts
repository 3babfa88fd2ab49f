/**
 * The register of stored objects, so that none is deleted that somebody is about to need. Whoever stores one pins it first,
 * also when it is there already; whoever registers one, as an artefact or as a film's file, holds it in that transaction. The
 * sweep deletes only what is neither pinned nor registered, and says so here before it does (sweep.ts).
 */
import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';

/** Longer than any scene or film takes between storing and registering. */
export const PIN_SECONDS = 3_600;
const AGAIN_MS = 250;

/** What the studio asks for before it stores an object. */
export abstract class Pins {
  abstract pin(sha256: string): Promise<void>;
}

@Injectable()
export class ObjectPins extends Pins {
  seconds = PIN_SECONDS;

  constructor(private readonly transaction: Transaction) {
    super();
  }

  /** Waits while it is being deleted: what is stored after this stays. */
  async pin(sha256: string): Promise<void> {
    for (;;) {
      const pinned = await this.transaction.query(
        `INSERT INTO rendering.object AS known (sha256, pinned_until) VALUES ($1, now() + make_interval(secs => $2))
         ON CONFLICT (sha256) DO UPDATE SET pinned_until = greatest(known.pinned_until, excluded.pinned_until), deleting_until = NULL
          WHERE known.deleting_until IS NULL OR known.deleting_until < now() RETURNING sha256`,
        [sha256, this.seconds],
      );
      if (pinned.length) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** In the transaction that registers them. @throws when one was given up meanwhile: then it is to be stored again */
  async hold(sha256s: readonly string[]): Promise<void> {
    const wanted = [...new Set(sha256s)].sort();
    const [held] = await this.transaction.writing.query<[unknown[], number]>(
      `UPDATE rendering.object o SET pinned_until = greatest(pinned_until, now() + make_interval(secs => $2))
         FROM (SELECT sha256 FROM rendering.object WHERE sha256 = ANY($1) ORDER BY sha256 FOR UPDATE) mine
        WHERE o.sha256 = mine.sha256 AND o.deleting_until IS NULL RETURNING o.sha256`,
      [wanted, this.seconds],
    );
    if (held.length < wanted.length) throw new ObjectGivenUp();
  }
}

export class ObjectGivenUp extends Error {
  constructor() {
    super('An object of this work was swept away before it was registered; the work is done again.');
  }
}
