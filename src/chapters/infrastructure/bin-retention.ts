import { Injectable } from '@nestjs/common';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';
import { Erasing } from '../application/erasing.js';

const BATCH = 50;

/** Erases what has been in the bin for 30 days, and what a reaction to `ChapterExpired` or `WorkExpired` left. */
@Injectable()
export class BinRetention {
  constructor(private readonly erasing: Erasing) {}

  @Chore('erase-bin', '1 h')
  erase(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () => this.erasing.eraseDue(BATCH));
  }
}
